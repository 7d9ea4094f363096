package import Messages

/// The responses of a streaming call. May be used from any thread; writes are gathered and cross to the event loop
/// together.
///
/// Order of calls: `sendHeaders` at most once and first, `write` as often as needed, `finish` once. What comes after
/// `finish`, or after the call is cancelled, is ignored. When the last reference goes without `finish`, the call ends
/// with INTERNAL. A writer that outruns its client looks at `isWritable` and waits for `onWritable`; at
/// `ServerLimits.responseStreamLimit` unsent bytes the call ends with RESOURCE_EXHAUSTED.
package final class ResponseStream<Response: WireMessage>: Sendable {
  private let buffer: ResponseBuffer

  init(call: ServerCall) {
    buffer = ResponseBuffer(call: call)
    call.responses = buffer
  }

  deinit {
    buffer.finish(Status(.internal, "the handler did not finish the call"), trailers: [:])
  }

  /// Sends the response headers now, with custom ones; without this they go out with the first message.
  package func sendHeaders(_ metadata: Metadata = [:]) {
    buffer.sendHeaders(metadata)
  }

  /// Writes one response. Returns whether the stream is still writable.
  @discardableResult
  package func write(_ response: Response) -> Bool {
    response.withWireBytes { buffer.write($0) }
  }

  /// Writes a response that has nothing but repeated fields set. Those that cross to the event loop together reach the
  /// client as one message, which holds the elements of all, up to `ServerLimits.mergedResponseSize`.
  @discardableResult
  package func merge(_ response: Response) -> Bool {
    response.withWireBytes { buffer.write($0, merges: true) }
  }

  /// Ends the call; for `ok` after everything written was sent.
  package func finish(_ status: Status = .ok, trailers: Metadata = [:]) {
    buffer.finish(status, trailers: trailers)
  }

  /// Bytes written and not sent yet; at most a little old.
  package var bufferedBytes: Int { buffer.bufferedBytes }

  /// Few enough bytes are unsent that more should be written.
  package var isWritable: Bool { buffer.isWritable }

  /// Whether the call is over: what is written is ignored.
  package var isOver: Bool { buffer.isOver }

  /// Calls `action` once when the stream is writable, on the event loop; at once, here, if it is. Never called for a
  /// call that is over. Replaces an earlier action.
  package func onWritable(_ action: @escaping @Sendable () -> Void) {
    buffer.onWritable(action)
  }
}
