import HTTP2

/// A client's and a server's session joined in memory, and what each saw.
final class Pair {
  let client: HTTP2Session
  let server: HTTP2Session
  private(set) var seenByClient: [Seen] = []
  private(set) var seenByServer: [Seen] = []
  /// The streams that the server knows, by number.
  private(set) var serverStreams: [Int32: HTTP2Stream] = [:]
  /// How many bytes the next step may move at most.
  var step: () -> Int = { 65_536 }
  var serverConsumes = true
  private var toServer: [UInt8] = []
  private var toClient: [UInt8] = []

  /// An event as a value.
  enum Seen: Equatable {
    case headers(Int32, HTTP2HeaderKind, [String], endStream: Bool)
    case tooLarge(Int32)
    case data(Int32, [UInt8])
    case end(Int32)
    case closed(Int32, HTTP2ErrorCode)
    case drained(Int32)
    case notSent(Int32)
    case goAway(HTTP2ErrorCode)
    case ping(UInt64)
  }

  init(serverLimits: HTTP2Limits = HTTP2Limits(), clientLimits: HTTP2Limits = HTTP2Limits()) {
    client = HTTP2Session(role: .client, limits: clientLimits)
    server = HTTP2Session(role: .server, limits: serverLimits)
    client.start()
    server.start()
  }

  /// Moves bytes both ways until nothing moves.
  func run() throws {
    var isMoving = true
    while isMoving {
      isMoving = false
      _ = try client.sendOutput(limit: .max, now: 0) { toServer += $0 }
      _ = try server.sendOutput(limit: .max, now: 0) { toClient += $0 }
      isMoving = try move(&toServer, to: server) || isMoving
      isMoving = try move(&toClient, to: client) || isMoving
      seenByServer += take(server) { stream in serverStreams[stream.id] = stream }
      seenByClient += take(client) { _ in }
    }
  }

  func forget() {
    seenByClient = []
    seenByServer = []
  }

  private func move(_ bytes: inout [UInt8], to session: HTTP2Session) throws -> Bool {
    let count = min(bytes.count, step())
    guard count > 0 else { return false }
    let part = Array(bytes[..<count])
    bytes.removeSubrange(..<count)
    try part.withUnsafeBytes { try session.receive($0, now: 0) }
    return true
  }

  private func take(_ session: HTTP2Session, _ opened: (HTTP2Stream) -> Void) -> [Seen] {
    var seen: [Seen] = []
    let log = session.takeEvents()
    for event in log.events {
      switch event {
      case .headers(let stream, let fields, let kind, let endStream):
        opened(stream)
        var texts: [String] = []
        log.forEachField(fields) { name, value in
          texts.append("\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))")
        }
        seen.append(.headers(stream.id, kind, texts, endStream: endStream))
      case .headersTooLarge(let stream, _):
        opened(stream)
        seen.append(.tooLarge(stream.id))
      case .data(let stream, let range, let endStream):
        session.consumeConnection(range.count)
        if session.role == .client || serverConsumes { session.consume(stream, range.count) }
        let bytes = log.withBytes(range) { Array($0) }
        if case .data(stream.id, let before)? = seen.last {
          seen[seen.count - 1] = .data(stream.id, before + bytes)
        } else {
          seen.append(.data(stream.id, bytes))
        }
        if endStream { seen.append(.end(stream.id)) }
      case .endOfStream(let stream): seen.append(.end(stream.id))
      case .closed(let stream, let code): seen.append(.closed(stream.id, code))
      case .drained(let stream): seen.append(.drained(stream.id))
      case .headersNotSent(let stream): seen.append(.notSent(stream.id))
      case .goAway(_, let code, _): seen.append(.goAway(code))
      case .pingAcknowledged(let opaque): seen.append(.ping(opaque))
      case .settings: break
      }
    }
    session.recycle(log)
    return seen
  }
}

extension HTTP2Headers {
  init(_ fields: [(String, String)]) {
    self.init()
    for (name, value) in fields { append(name, value) }
  }

  static let request = HTTP2Headers([
    (":method", "POST"), (":scheme", "http"), (":authority", "test"), (":path", "/a/B"),
  ])

  static let response = HTTP2Headers([(":status", "200")])
}
