import GRPCTestSupport
import HTTP2
import Logging
import NIOCore
import NIOEmbedded

@testable import GRPC

/// A server's connection without a socket, and the client's session at its other end.
final class EmbeddedServer {
  /// What came back on one stream.
  struct Response: Equatable {
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    var closed: HTTP2ErrorCode?

    var status: Int? { headers["grpc-status"].flatMap { Int($0) } }
    var httpStatus: String? { headers[":status"] }
    /// The message of a body that is one frame.
    var message: [UInt8] { Array(body.dropFirst(5)) }
  }

  let service = EchoService()
  let channel = EmbeddedChannel()
  let client: HTTP2Session
  private(set) var responses: [Int32: Response] = [:]
  private(set) var goAway: HTTP2ErrorCode?
  /// Writes that the server has made.
  private(set) var writes = 0

  init(limits: ServerLimits = ServerLimits(), clientLimits: HTTP2Limits = HTTP2Limits()) throws {
    client = HTTP2Session(role: .client, limits: clientLimits)
    let loop = ConnectionLoop(eventLoop: channel.embeddedEventLoop, tickInterval: .hours(1))
    try channel.pipeline.syncOperations.addHandler(
      ServerConnection(
        loop: loop, router: service.router(), limits: limits, peer: "test", requiresALPN: false,
        logger: Logger(label: "test")))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    client.start()
    try exchange()
  }

  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

  /// Moves bytes both ways until nothing moves; what the client sends arrives as one read.
  func exchange() throws {
    var isMoving = true
    while isMoving {
      isMoving = false
      var output: [UInt8] = []
      _ = try client.sendOutput(limit: .max, now: 0) { output += $0 }
      if !output.isEmpty, channel.isActive {
        isMoving = true
        try channel.writeInbound(ByteBuffer(bytes: output))
      }
      channel.embeddedEventLoop.run()
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
        isMoving = true
        writes += 1
        try buffer.withUnsafeReadableBytes { try client.receive($0, now: 0) }
        takeEvents()
      }
    }
  }

  /// Opens a stream with gRPC's headers, changed by `replacing`, and extra ones.
  func open(_ method: String, replacing: [String: String] = [:], extra: [(String, String)] = []) -> HTTP2Stream {
    var headers = HTTP2Headers()
    let usual = [
      (":method", "POST"), (":scheme", "http"), (":path", "/test.Echo/\(method)"), (":authority", "test"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    for (name, value) in usual { headers.append(name, replacing[name] ?? value) }
    for (name, value) in extra { headers.append(name, value) }
    return client.openStream(headers, user: nil)!
  }

  func send(_ stream: HTTP2Stream, _ bytes: [UInt8]) { client.write(stream) { $0 += bytes } }

  func end(_ stream: HTTP2Stream) { client.finish(stream, trailers: nil) }

  /// Opens a stream, sends `body`, ends it, and returns what came back.
  func call(
    _ method: String, _ body: [UInt8], replacing: [String: String] = [:], extra: [(String, String)] = []
  ) throws -> Response {
    let stream = open(method, replacing: replacing, extra: extra)
    send(stream, body)
    end(stream)
    try exchange()
    return responses[stream.id] ?? Response()
  }

  static func frame(_ message: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    message.withUnsafeBytes { MessageEncoding.identity.appendFrame(of: $0, to: &output) }
    return output
  }

  private func takeEvents() {
    let log = client.takeEvents()
    for event in log.events {
      switch event {
      case .headers(let stream, let fields, _, _):
        log.forEachField(fields) { name, value in
          responses[stream.id, default: Response()].headers[String(decoding: name, as: UTF8.self)] =
            String(decoding: value, as: UTF8.self)
        }
      case .data(let stream, let bytes, _):
        client.consumeConnection(bytes.count)
        client.consume(stream, bytes.count)
        log.withBytes(bytes) { responses[stream.id, default: Response()].body += $0 }
      case .closed(let stream, let code): responses[stream.id, default: Response()].closed = code
      case .goAway(_, let code, _): goAway = code
      default: break
      }
    }
    client.recycle(log)
  }
}
