import Messages
import Testing

@Suite("Text is valid UTF-8 without NUL, or an error that names the field")
struct TextTests {
  /// Each place in a sample that holds text: the name an error gives it, and the wire with `text` there.
  static let places: [(name: String, wire: @Sendable ([UInt8]) -> Wire)] = [
    ("Sample.text", { Wire().field(14, $0) }),
    ("Sample.optional_text", { Wire().field(21, $0) }),
    ("Sample.texts", { Wire().field(30, [65]).field(30, $0) }),
    ("Sample.LabelsEntry.key", { Wire().field(33, Wire().field(1, $0).bytes) }),
    ("Sample.LabelsEntry.value", { Wire().field(33, Wire().field(1, [65]).field(2, $0).bytes) }),
    ("Sample.choice_text", { Wire().field(37, $0) }),
    ("Leaf.name", { Wire().field(17, Wire().field(1, $0).bytes) }),
    ("Sample.namespace", { Wire().field(45, $0) }),
  ]

  static let notUTF8: [[UInt8]] = [
    [0xFF], [0xC3], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    Array("a long text that is ASCII until its end, which is not: ".utf8) + [0xE2, 0x82],
  ]

  @Test("What is not UTF-8 is refused", arguments: places.indices, notUTF8)
  func invalid(place: Int, text: [UInt8]) throws {
    let place = Self.places[place]
    let error = #expect(throws: WireError.self) { try Sample.decoded(place.wire(text).bytes) }
    #expect(error?.message == "kagzi.conformance.v1.\(place.name) is not valid UTF-8")
  }

  @Test("NUL is refused, wherever it stands", arguments: places.indices, [[0], [65, 0], [0, 65], [65, 0, 66]])
  func nul(place: Int, text: [UInt8]) throws {
    let place = Self.places[place]
    let error = #expect(throws: WireError.self) { try Sample.decoded(place.wire(text).bytes) }
    #expect(error?.message == "kagzi.conformance.v1.\(place.name) holds a NUL character")
  }

  @Test("Any other text is kept", arguments: ["a", "é", "漢字", "🙂", "\u{10FFFF}", "\u{1}\u{7F}", "e\u{301}"])
  func valid(text: String) throws {
    for place in Self.places {
      _ = try Sample.decoded(place.wire(Array(text.utf8)).bytes)
    }
    #expect(try Array(Sample.decoded(Wire().field(14, Array(text.utf8)).bytes).text.utf8) == Array(text.utf8))
  }

  @Test("Bytes may be anything")
  func bytes() throws {
    #expect(try Sample.decoded(Wire().field(15, [0, 0xFF]).bytes).data == [0, 0xFF])
  }
}
