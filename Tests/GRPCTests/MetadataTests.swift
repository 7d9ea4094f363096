import Testing

@testable import GRPC

@Suite struct MetadataTests {
  @Test("names have no case and keep their order")
  func names() {
    var metadata: Metadata = ["X-One": "1", "x-two": "2"]
    metadata.add("x-ONE", "3")
    #expect(metadata["x-one"] == "1")
    #expect(metadata["X-Two"] == "2")
    #expect(metadata.values("X-one") == ["1", "3"])
    #expect(metadata.entries.map(\.name) == ["x-one", "x-two", "x-one"])
  }

  @Test("reserved names and text that is not printable ASCII are not taken")
  func refused() {
    var metadata = Metadata()
    metadata.add("grpc-status", "0")
    metadata.add(":path", "/")
    metadata.add("content-type", "text/plain")
    metadata.add("x-a", "line\nbreak")
    metadata.add("x-a", "ü")
    metadata.add("x a", "b")
    metadata.add("x-a", bytes: [1])
    #expect(metadata.isEmpty)
  }

  @Test("base64 gives back what went in, padded or not", arguments: 0..<300)
  func base64(length: Int) {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ length) }
    let text = Base64.encode(bytes)
    #expect(!text.contains("="))
    #expect(Base64.decode(text.utf8) == bytes)
    let padded = text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    #expect(Base64.decode(padded.utf8) == bytes)
  }

  @Test("what is not base64 is refused", arguments: ["a", "a===", "ab=c", "a b", "ab===", "é"])
  func notBase64(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test("a percent-encoded message gives back what went in")
  func percent() {
    for text in ["", "plain text", "100 %", "tab\tand\nbreak", "grün 日本 🎉", "%41"] {
      let encoded = PercentEncoding.encode(text)
      #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) })
      #expect(Array(encoded.utf8).withUnsafeBytes(PercentEncoding.decode) == text)
    }
    #expect(Array("50%, %zz %4".utf8).withUnsafeBytes(PercentEncoding.decode) == "50%, %zz %4")
  }
}
