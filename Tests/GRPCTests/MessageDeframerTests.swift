import Testing

@testable import GRPC

@Suite struct MessageDeframerTests {
  private func frame(_ message: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    message.withUnsafeBytes { MessageEncoding.identity.appendFrame(of: $0, to: &output) }
    return output
  }

  private func receive(_ deframer: inout MessageDeframer, _ bytes: some Sequence<UInt8>) throws(Status) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    try Array(bytes).withUnsafeBufferPointer { (bytes) throws(Status) in
      try deframer.receive(UnsafeRawBufferPointer(bytes)) { (message) throws(Status) in
        messages.append(Array(message.bytes))
        return true
      }
    }
    return messages
  }

  private let messages: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 9, count: 300), [0, 0, 0, 0, 0, 0]]

  @Test("messages do not depend on where the stream is cut")
  func everyCut() throws {
    let bytes = messages.flatMap(frame)
    for cut in 0...bytes.count {
      var deframer = MessageDeframer(maxMessage: 1_000)
      let received = try receive(&deframer, bytes[..<cut]) + receive(&deframer, bytes[cut...])
      #expect(received == messages)
      #expect(deframer.bufferedBytes == 0)
    }
  }

  @Test("messages survive being cut at random", arguments: 0..<500)
  func randomCuts(seed: Int) throws {
    var random = SystemRandomNumberGenerator.seeded(UInt64(seed))
    let sent = (0..<10).map { _ in
      (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
    let bytes = sent.flatMap(frame)
    var deframer = MessageDeframer(maxMessage: 200)
    var received: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Int.random(in: 1...64, using: &random))
      received += try receive(&deframer, bytes[start..<end])
      start = end
    }
    #expect(received == sent)
  }

  @Test("a message over the limit is refused by its prefix alone")
  func tooLarge() {
    var deframer = MessageDeframer(maxMessage: 10)
    #expect(throws: Status(.resourceExhausted, "the message has 11 bytes; the limit is 10")) {
      try receive(&deframer, [0, 0, 0, 0, 11])
    }
  }

  @Test("a prefix with an unknown flag is refused")
  func flag() {
    var deframer = MessageDeframer(maxMessage: 10)
    #expect(throws: Status.self) { try receive(&deframer, [2, 0, 0, 0, 0]) }
  }

  @Test("a receiver that stops gets the rest when it asks again")
  func stops() throws {
    let bytes = messages.flatMap(frame)
    var deframer = MessageDeframer(maxMessage: 1_000)
    var received: [[UInt8]] = []
    func take(_ bytes: [UInt8]) throws(Status) {
      try bytes.withUnsafeBufferPointer { (bytes) throws(Status) in
        try deframer.receive(UnsafeRawBufferPointer(bytes)) { (message) throws(Status) in
          received.append(Array(message.bytes))
          return false
        }
      }
    }
    try take(bytes)
    #expect(received.count == 1)
    while received.count < messages.count { try take([]) }
    #expect(received == messages)
    #expect(deframer.bufferedBytes == 0)
  }

  @Test("gzip gives back what went in, and its limit is that of the plain bytes")
  func gzip() throws {
    let message = [UInt8](repeating: 42, count: 100_000)
    let packed = try #require(message.withUnsafeBytes(Gzip.compress))
    #expect(packed.count < 1_000)
    #expect(try unpack(packed, 100_000) == message)
    #expect(throws: Status(.resourceExhausted, "the decompressed message is over the limit of 99999 bytes")) {
      try unpack(packed, 99_999)
    }
    #expect(throws: Status.self) { try unpack(packed.dropLast(9), 100_000) }
    #expect(throws: Status.self) { try unpack([1, 2, 3], 10) }
  }

  private func unpack(_ bytes: [UInt8], _ limit: Int) throws(Status) -> [UInt8] {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Status) in
      try Gzip.decompress(UnsafeRawBufferPointer(bytes), limit: limit)
    }
  }
}

extension SystemRandomNumberGenerator {
  static func seeded(_ seed: UInt64) -> SeededGenerator { SeededGenerator(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1) }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
