/// The custom headers or trailers of a call: ordered, names without case, several values a name.
///
/// A name that ends in `-bin` carries bytes, any other carries printable ASCII. Names that HTTP/2 or gRPC reserve
/// (`:…`, `grpc-…`, `content-type`, `te`) are not metadata; adding one is ignored.
package struct Metadata: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case text(String)
    case bytes([UInt8])
  }

  /// Name (lower case) and value, in order.
  package private(set) var entries: [(name: String, value: Content)] = []

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  /// The first text value of a name.
  package subscript(name: String) -> String? {
    for entry in entries where entry.name == name || entry.name == name.lowercased() {
      if case .text(let text) = entry.value { return text }
    }
    return nil
  }

  /// The first value of a `-bin` name.
  package subscript(bytes name: String) -> [UInt8]? {
    for entry in entries where entry.name == name || entry.name == name.lowercased() {
      if case .bytes(let bytes) = entry.value { return bytes }
    }
    return nil
  }

  /// Every text value of a name, in order.
  package func values(_ name: String) -> [String] {
    entries.compactMap { entry in
      guard entry.name == name.lowercased(), case .text(let text) = entry.value else { return nil }
      return text
    }
  }

  /// Appends a text value. For a `-bin` name its UTF-8 is what is sent. Ignored if the name or value is not allowed.
  package mutating func add(_ name: String, _ value: String) {
    let name = name.lowercased()
    if name.hasSuffix("-bin") { return add(name, bytes: Array(value.utf8)) }
    guard Self.isAllowed(name), value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return }
    entries.append((name, .text(value)))
  }

  /// Appends bytes under a name that ends in `-bin`. Ignored if it does not.
  package mutating func add(_ name: String, bytes: [UInt8]) {
    let name = name.lowercased()
    guard name.hasSuffix("-bin"), Self.isAllowed(name) else { return }
    entries.append((name, .bytes(bytes)))
  }

  /// Takes in a header that arrived. False for a `-bin` value that is not base64.
  mutating func receive(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
    let key = String(decoding: name, as: UTF8.self)
    guard key.hasSuffix("-bin") else {
      entries.append((key, .text(String(decoding: value, as: UTF8.self))))
      return true
    }
    // Several values may be joined by commas.
    for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let bytes = Base64.decode(part.drop { $0 == UInt8(ascii: " ") }) else { return false }
      entries.append((key, .bytes(bytes)))
    }
    return true
  }

  private static func isAllowed(_ name: String) -> Bool {
    guard !name.isEmpty, !name.hasPrefix("grpc-"), name != "content-type", name != "te" else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
  }

  package static func == (left: Metadata, right: Metadata) -> Bool {
    left.entries.elementsEqual(right.entries) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }
}
