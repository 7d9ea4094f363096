import Messages
import Testing

@Suite("Messages survive the wire")
struct RoundTripTests {
  @Test("Any message decodes to the value that was encoded", arguments: 0..<20 as Range<UInt64>)
  func randomMessages(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<250 {
      let sample = random.sample()
      let decoded = try Sample.decoded(sample.wireBytes)
      #expect(decoded == sample)
      #expect(decoded.doubleValue.sign == sample.doubleValue.sign)
    }
  }

  @Test("A message at its defaults is no bytes, and no bytes are a message at its defaults")
  func empty() throws {
    #expect(Sample().wireBytes.isEmpty)
    #expect(try Sample.decoded([]) == Sample())
    #expect(try CompleteActivityResponse.decoded([]) == CompleteActivityResponse())
  }

  @Test("Negative zero is a value, in every kind of field")
  func negativeZero() throws {
    let sample = Sample(floatValue: -0.0, doubleValue: -0.0, optionalDouble: -0.0, doubles: [-0.0])
    let decoded = try Sample.decoded(sample.wireBytes)
    #expect(decoded.floatValue.sign == .minus)
    #expect(decoded.doubleValue.sign == .minus)
    #expect(decoded.optionalDouble?.sign == .minus)
    #expect(decoded.doubles.first?.sign == .minus)
  }

  @Test("Optional fields that are set to their default stay set")
  func setToDefault() throws {
    let sample = Sample(
      leaf: Leaf(), optionalNumber: 0, optionalText: "", optionalData: [], optionalBool: false, optionalDouble: 0,
      optionalShade: .unspecified, choice: .choiceText(""))
    #expect(try Sample.decoded(sample.wireBytes) == sample)
    #expect(try Sample.decoded(Sample(choice: .choiceData([])).wireBytes).choice == .choiceData([]))
  }

  @Test("A large message keeps every byte")
  func large() throws {
    var random = SeededRandom(seed: 1)
    let body = (0..<(4 << 20)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let sample = Sample(data: body, texts: [String(repeating: "é", count: 1 << 20)])
    #expect(try Sample.decoded(sample.wireBytes) == sample)
  }

  @Test("A message may be encoded and decoded while another one is being encoded")
  func nested() throws {
    var random = SeededRandom(seed: 2)
    let outer = random.sample()
    let inner = random.sample()
    let decoded = try outer.withWireBytes { bytes in
      (inner: try Sample.decoded(inner.wireBytes), outer: try Sample(wire: bytes))
    }
    #expect(decoded.inner == inner)
    #expect(decoded.outer == outer)
  }
}
