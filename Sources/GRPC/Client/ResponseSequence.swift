package import Messages

/// The responses of a call, for one reader. Ends after the last response, or throws the call's `Status`.
///
/// The server is held back while the reader is behind. A reader that goes away, or whose task is cancelled, cancels the
/// call.
package struct ResponseSequence<Response: WireMessage>: AsyncSequence, Sendable {
  package typealias Element = Response
  package typealias Failure = Status

  private let reader: Reader

  init(call: StreamCall<Response>) {
    reader = Reader(call: call)
  }

  /// The trailers, once the call is over.
  package var trailers: Metadata? { reader.call.inbox.trailers }

  /// The response headers, once they are there.
  package var headers: Metadata? { reader.call.inbox.headers }

  package func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    package mutating func next() async throws(Status) -> Response? { try await reader.next() }

    package mutating func next(isolation actor: isolated (any Actor)?) async throws(Status) -> Response? {
      try await reader.next()
    }
  }

  /// Cancels the call when nobody can read it any more.
  fileprivate final class Reader: Sendable {
    let call: StreamCall<Response>

    init(call: StreamCall<Response>) {
      self.call = call
    }

    deinit {
      call.cancel()
    }

    func next() async throws(Status) -> Response? {
      while true {
        switch call.inbox.take() {
        case .message(let message, let madeRoom):
          if madeRoom { call.channel.onLoop { [call] in call.madeRoom() } }
          return message
        case .end(let status):
          if status.code != .ok { throw status }
          return nil
        case .nothing:
          await withTaskCancellationHandler {
            await call.inbox.wait()
          } onCancel: {
            call.cancel()
          }
        }
      }
    }
  }
}
