package import Messages

/// A client-streaming or bidirectional call.
///
/// `send` and `finishSending` may be used from any thread; what is written together crosses to the event loop together.
/// After the call is over, both are ignored and `responses` tells how it ended. When the last reference to it and to its
/// responses goes, the call is cancelled.
package final class ClientStream<Method: RPCMethod>: Sendable {
  private let call: StreamCall<Method.Response>

  /// The responses, for one reader; none if the call delivers them to a function.
  package let responses: ResponseSequence<Method.Response>

  init(call: StreamCall<Method.Response>) {
    self.call = call
    responses = ResponseSequence(call: call)
  }

  /// Writes one request. Returns whether more should be written now; if not, await `writable()`.
  @discardableResult
  package func send(_ request: Method.Request) -> Bool {
    let (tellLoop, isWritable) = request.withWireBytes { call.requests.write($0, call.channel.requestEncoding) }
    if tellLoop { tell() }
    return isWritable
  }

  /// Writes a request that has nothing but repeated fields set. Those that cross to the event loop together reach the server as
  /// one message, which holds the elements of all: of at most `maxParts` requests and `ClientLimits.mergedRequestSize` bytes.
  @discardableResult
  package func merge(_ request: Method.Request, maxParts: Int) -> Bool {
    let (tellLoop, isWritable) = request.withWireBytes {
      call.requests.write($0, call.channel.requestEncoding, maxParts: max(1, maxParts))
    }
    if tellLoop { tell() }
    return isWritable
  }

  /// No more requests follow.
  package func finishSending() {
    if call.requests.end() { tell() }
  }

  /// Few enough bytes are unsent that more should be written.
  package var isWritable: Bool { call.requests.isWritable }

  /// Returns when there is room for more requests, or the call is over.
  package func writable() async {
    await withCheckedContinuation { continuation in call.requests.onWritable { continuation.resume() } }
  }

  /// Gives the call up; `responses` throws CANCELLED.
  package func cancel() { call.cancel() }

  private func tell() {
    call.channel.onLoop { [call] in call.takeOverRequests() }
  }
}
