import Messages
import Testing

@Suite("Hostile bytes cost an error and nothing else")
struct HostileBytesTests {
  @Test("A message cut off at any byte is refused or decodes to what was whole", arguments: 0..<5 as Range<UInt64>)
  func truncated(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let whole = random.sample().wireBytes
    for length in whole.indices {
      let decoded = try? Sample.decoded(Array(whole[..<length]))
      if let decoded { #expect(decoded.wireBytes.count <= length) }
    }
  }

  @Test("Flipped bits never crash", arguments: 0..<10 as Range<UInt64>)
  func flipped(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<500 {
      var bytes = random.sample().wireBytes
      guard !bytes.isEmpty else { continue }
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      guard let decoded = try? Sample.decoded(bytes) else { continue }
      // Not compared as values: a flipped bit can make a NaN.
      let again = try Sample.decoded(decoded.wireBytes)
      #expect(again.wireBytes.count == decoded.wireBytes.count)
    }
  }

  @Test("Noise never crashes")
  func noise() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<5000 {
      let bytes = random.bytes()
      _ = try? WorkRequest.decoded(bytes)
      _ = try? Sample.decoded(bytes)
    }
  }

  @Test("Bytes that are not a message are refused by the message's name")
  func malformed() {
    let error = #expect(throws: WireError.self) { try Leaf.decoded([0x0A, 0x7F]) }
    #expect(error?.message == "kagzi.conformance.v1.Leaf: the bytes are not a valid protobuf message")
  }

  @Test("Fields that this version does not know are skipped")
  func unknownFields() throws {
    let wire = Wire().field(1, [65]).varint(900, 5).field(901, [1, 2, 3]).raw([0xAD, 0x38, 1, 2, 3, 4])
    #expect(try Leaf.decoded(wire.bytes) == Leaf(name: "A"))
  }

  @Test("Enum numbers that this version does not know are kept")
  func unknownEnum() throws {
    let sample = try Sample.decoded(Wire().varint(16, 4711).bytes)
    #expect(sample.shade == .unrecognized(4711))
    #expect(try Sample.decoded(sample.wireBytes) == sample)
  }

  @Test("Of several members of a oneof the last one counts")
  func lastOfOneOf() throws {
    let wire = Wire().varint(36, 7).field(39, Wire().field(1, [65]).bytes).field(37, [66])
    #expect(try Sample.decoded(wire.bytes).choice == .choiceText("B"))
  }

  @Test("Four megabytes of empty messages would take more memory than the budget allows")
  func amplification() throws {
    let bytes = [UInt8](repeating: 0, count: 4 << 20)
    var wire = bytes
    for index in stride(from: 0, to: wire.count - 2, by: 2) {
      wire[index] = 0x0A  // Field 1 with no content.
    }
    wire.removeLast(2)
    for _ in 0..<3 {
      let error = #expect(throws: WireError.self) { try ClaimTasksResponse.decoded(wire) }
      #expect(error?.message.hasSuffix("would take more than 64 MiB of memory") == true)
    }
    #expect(try Leaf.decoded(Leaf(name: "after").wireBytes) == Leaf(name: "after"))
  }

  @Test("The Swift values count towards the budget, not only protobuf-c's")
  func amplificationInSwift() throws {
    let count = Arena64MiB.count(of: WorkerTask.self)
    let wire = (0..<count).reduce(into: [UInt8]()) { wire, _ in wire += [0x0A, 0] }
    let error = #expect(throws: WireError.self) { try ClaimTasksResponse.decoded(wire) }
    #expect(error?.message == "kagzi.v1.ClaimTasksResponse.tasks: decoding would take more than 64 MiB of memory")
  }
}

private enum Arena64MiB {
  /// How many values of a type fill 64 MiB.
  static func count<T>(of type: T.Type) -> Int {
    (64 << 20) / MemoryLayout<T>.stride + 1
  }
}
