import HTTP2
import Testing

/// Attacks by frames that a well-behaved library would not send, against a server's session.
@Suite struct FloodTests {
  private func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
      + withUnsafeBytes(of: stream.bigEndian) { Array($0) } + payload
  }

  private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// `:method POST`, `:scheme http`, `:path /` by static table, `:authority a` as a literal.
  private let headerBlock: [UInt8] = [0x83, 0x86, 0x84, 0x01, 0x01, 0x61]

  private func open(_ stream: UInt32) -> [UInt8] { frame(1, flags: 0x4, stream: stream, headerBlock) }

  /// Sends `opening`, then `attack(n)` for n = 0, 1 … all within one second. Returns how many it took, nil if `most` did not do.
  private func sendUntilEnded(_ most: Int, opening: [UInt8] = [], _ attack: (UInt32) -> [UInt8]) throws -> Int? {
    let session = HTTP2Session(role: .server)
    session.start()
    try receive(session, preface + frame(4) + opening)
    for number in 0..<most {
      do {
        try receive(session, attack(UInt32(number)))
      } catch HTTP2Error.flooded {
        var output: [UInt8] = []
        _ = try session.sendOutput(limit: .max, now: 0) { output += $0 }
        #expect(!output.isEmpty)
        return number
      }
      if session.isFinished { return number }
    }
    return nil
  }

  private func receive(_ session: HTTP2Session, _ bytes: [UInt8]) throws(HTTP2Error) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(HTTP2Error) in
      try session.receive(UnsafeRawBufferPointer(bytes), now: 0)
    }
    _ = try session.sendOutput(limit: .max, now: 0) { _ in }
    session.recycle(session.takeEvents())
    _ = try session.sendOutput(limit: .max, now: 0) { _ in }
  }

  @Test("rapid reset is ended, far above what an honest client cancels")
  func rapidReset() throws {
    let count = try #require(
      try sendUntilEnded(20_000) { number in
        open(2 * number + 1) + frame(3, stream: 2 * number + 1, [0, 0, 0, 8])
      })
    #expect(count > 5_000)
  }

  @Test("streams that the server is made to reset are ended soon (MadeYouReset)")
  func madeYouReset() throws {
    let count = try sendUntilEnded(2_000) { number in
      open(2 * number + 1) + frame(8, stream: 2 * number + 1, [0x7F, 0xFF, 0xFF, 0xFF])
    }
    #expect(try #require(count) < 1_000)
  }

  @Test(
    "a flood of frames that do nothing is ended",
    arguments: [
      ("empty data", 0x0, 0, 1, []), ("priority", 0x2, 0, 1, [0, 0, 0, 0, 1]), ("settings", 0x4, 0, 0, []),
      ("ping", 0x6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]), ("window update", 0x8, 0, 0, [0, 0, 0, 1]),
      ("unknown type", 0xBB, 0, 0, [1]), ("priority update", 0x10, 0, 0, [0, 0, 0, 1]),
    ] as [(String, UInt8, UInt8, UInt32, [UInt8])])
  func nothing(name: String, type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) throws {
    let attack = frame(type, flags: flags, stream: stream, payload)
    #expect(try sendUntilEnded(20_000, opening: open(1)) { _ in attack } != nil, "\(name)")
  }

  @Test("a header block that never ends is ended")
  func continuation() throws {
    let count = try sendUntilEnded(1_000, opening: frame(1, stream: 1, headerBlock)) { _ in frame(9, stream: 1, [0x83])
    }
    #expect(try #require(count) < 100)
  }

  @Test("a header list that grows by references to one large entry is bounded (HPACK bomb)")
  func bomb() throws {
    // A literal with indexing of 4,000 bytes, then thousands of one-byte references to it.
    let large: [UInt8] = [0x40, 0x01, UInt8(ascii: "x")] + [0x7F, 0xA1, 0x1E] + [UInt8](repeating: 0x61, count: 4_000)
    let session = HTTP2Session(role: .server)
    session.start()
    try receive(session, preface + frame(4))
    let block = headerBlock + large + [UInt8](repeating: 0xBE, count: 8_000)
    try receive(session, frame(1, flags: 0x5, stream: 1, block))
    #expect(session.openStreams == 0)
    // The connection, its compression state included, is as it should be.
    try receive(session, open(3))
    #expect(session.openStreams == 1)
  }

  @Test("a client that cancels 3,000 calls in a moment keeps its connection")
  func honest() throws {
    #expect(
      try sendUntilEnded(3_000) { number in open(2 * number + 1) + frame(3, stream: 2 * number + 1, [0, 0, 0, 8]) }
        == nil)
  }

  @Test("bytes that are not HTTP/2 are refused")
  func notHTTP2() {
    let session = HTTP2Session(role: .server)
    session.start()
    #expect(throws: HTTP2Error.notHTTP2) { try receive(session, Array("GET / HTTP/1.1\r\n\r\n------".utf8)) }
  }

  @Test("random bytes after the preface never trap", arguments: 0..<500)
  func noise(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let session = HTTP2Session(role: .server)
    session.start()
    try receive(session, preface + frame(4))
    for _ in 0..<50 {
      var bytes = frame(
        UInt8.random(in: 0...10, using: &random), flags: UInt8.random(in: .min ... .max, using: &random),
        stream: UInt32.random(in: 0...9, using: &random),
        (0..<Int.random(in: 0...30, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) })
      if Bool.random(using: &random) { bytes = open(UInt32.random(in: 1...99, using: &random)) }
      do {
        try receive(session, bytes)
      } catch {
        break
      }
    }
    session.close()
    #expect(session.openStreams == 0)
  }
}
