import HTTP2
import Messages

/// A call with many requests, many responses, or both.
final class StreamCall<Response: WireMessage>: ClientCall, @unchecked Sendable {
  /// What is called with each response, and once with how the call ended.
  typealias Delivery = (response: @Sendable (Response) -> Void, end: @Sendable (Status) -> Void)

  let requests: RequestBuffer
  let inbox: ResponseInbox<Response>
  /// Takes the responses instead of the inbox. Event loop; must not block.
  private let delivery: Delivery?
  /// The whole request, when there is one: it can be sent again while the server has not answered.
  private let frame: [UInt8]?

  init(
    channel: ClientChannel, path: String, metadata: Metadata, deadline: Duration?, waitsForReady: Bool, frame: [UInt8]?,
    delivery: Delivery? = nil
  ) {
    self.frame = frame
    self.delivery = delivery
    requests = RequestBuffer(limits: channel.limits)
    inbox = ResponseInbox(limit: channel.limits.responseBuffer)
    super.init(
      channel: channel, path: path, metadata: metadata, deadline: deadline, waitsForReady: waitsForReady)
  }

  override func opened() {
    guard let connection, let stream else { return }
    if let frame {
      connection.session.write(stream) { $0.append(contentsOf: frame) }
      connection.session.finish(stream, trailers: nil)
    } else {
      takeOverRequests()
    }
  }

  override var canBeSentAgain: Bool { frame != nil && !hasHeaders }

  override func receivedHeaders(_ metadata: Metadata) { inbox.headers(metadata) }

  override func received(_ message: UnsafeRawBufferPointer) throws(Status) {
    do {
      let response = try Response(wire: message)
      if let delivery { delivery.response(response) } else { inbox.add(response, size: message.count) }
    } catch {
      throw Status(.internal, "the response is not a valid message: \(error.message)")
    }
  }

  override var isHoldingBack: Bool { inbox.isFull }

  override func drained() { requests.sendingChanged(stream?.bufferedBytes ?? 0) }

  override func ended(_ status: Status, trailers: Metadata) {
    requests.close()
    inbox.end(status, trailers: trailers)
    delivery?.end(status)
  }

  /// Moves what the caller has written to the stream. Event loop.
  func takeOverRequests() {
    guard phase == .open, let connection, let stream else { return }
    let (bytes, isEnd, failure) = requests.handOver()
    if let failure { return channel.end(self, failure, trailers: [:]) }
    if !bytes.isEmpty { connection.session.write(stream) { $0.append(contentsOf: bytes) } }
    let low = channel.limits.requestStreamLowMark
    if stream.bufferedBytes > low { stream.drainMark = low }
    if isEnd { connection.session.finish(stream, trailers: nil) }
    requests.sendingChanged(stream.bufferedBytes)
    connection.markDirty()
  }

  /// The reader has made room. Event loop.
  func madeRoom() { connection?.consumeHeld(self) }
}
