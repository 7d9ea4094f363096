package import Messages

/// Receives the requests of a client-streaming or bidirectional call, on the call's event loop, in order.
///
/// `ServerCall.pauseReading()` holds further requests back. After `end` or `cancelled` nothing follows.
package protocol RequestReceiver<Request>: Sendable {
  associatedtype Request: WireMessage

  func receive(_ message: Request)

  /// The client has sent its last request.
  func end()

  /// The call is over before the client ended its requests: cancelled, past its deadline, answered, or disconnected.
  func cancelled()
}

/// A receiver of undecoded messages.
protocol MessageReceiver: AnyObject {
  func receive(_ bytes: UnsafeRawBufferPointer) throws(Status)
  func end()
  func cancelled()
}

final class TypedReceiver<Request: WireMessage>: MessageReceiver {
  private let receiver: any RequestReceiver<Request>

  init(receiver: any RequestReceiver<Request>) {
    self.receiver = receiver
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws(Status) { receiver.receive(try decode(Request.self, bytes)) }

  func end() { receiver.end() }

  func cancelled() { receiver.cancelled() }
}
