import HTTP2
import Messages

/// A call with one request and one response.
final class UnaryCall<Response: WireMessage>: ClientCall, @unchecked Sendable {
  private let frame: [UInt8]
  private let completion: @Sendable (Result<Response, Status>) -> Void
  private var response: Response?

  init(
    channel: ClientChannel, path: String, metadata: Metadata, deadline: Duration?, waitsForReady: Bool, frame: [UInt8],
    completion: @escaping @Sendable (Result<Response, Status>) -> Void
  ) {
    self.frame = frame
    self.completion = completion
    super.init(
      channel: channel, path: path, metadata: metadata, deadline: deadline, waitsForReady: waitsForReady)
  }

  override func opened() {
    guard let connection, let stream else { return }
    connection.session.write(stream) { $0.append(contentsOf: frame) }
    connection.session.finish(stream, trailers: nil)
  }

  override var canBeSentAgain: Bool { !hasHeaders }

  override func received(_ message: UnsafeRawBufferPointer) throws(Status) {
    guard response == nil else { throw Status(.internal, "the server sent more than one response") }
    do {
      response = try Response(wire: message)
    } catch {
      throw Status(.internal, "the response is not a valid message: \(error.message)")
    }
  }

  override func ended(_ status: Status, trailers: Metadata) {
    if status.code != .ok {
      completion(.failure(status))
    } else if let response {
      completion(.success(response))
    } else {
      completion(.failure(Status(.internal, "the server sent no response")))
    }
  }
}
