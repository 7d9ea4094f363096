internal import CNghttp2

/// A header list to send: one flat buffer, in order, so that passing it on counts one reference. Names must be lower case.
package struct HTTP2Headers: Sendable, Equatable {
  /// Each field as the lengths of its name and value, four bytes each, then both.
  private var bytes: [UInt8] = []
  package private(set) var count = 0

  private static let prefix = 8

  package init() {}

  /// The size as RFC 9113, section 6.5.2 counts it: names + values + 32 a field.
  package var listSize: Int { bytes.count + (32 - Self.prefix) * count }

  package mutating func append(_ name: some StringProtocol, _ value: some StringProtocol) {
    let lengths = (UInt32(name.utf8.count), UInt32(value.utf8.count))
    withUnsafeBytes(of: lengths) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: value.utf8)
    count += 1
  }

  package mutating func append(_ other: HTTP2Headers) {
    bytes.append(contentsOf: other.bytes)
    count += other.count
  }

  /// The fields in the library's form, valid only inside `body`; the library copies what it keeps.
  func withNameValues<R>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> R) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(count, 1)) { list in
        guard let base = bytes.baseAddress.map(UnsafeMutablePointer.init(mutating:)) else { return body(nil, 0) }
        var field = base
        for index in 0..<count {
          let lengths = UnsafeRawPointer(field).loadUnaligned(as: (UInt32, UInt32).self)
          let (nameLength, valueLength) = (Int(lengths.0), Int(lengths.1))
          let name = field + Self.prefix
          field = name + nameLength + valueLength
          list.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: name, value: name + nameLength, namelen: nameLength, valuelen: valueLength, flags: 0))
        }
        return body(list.baseAddress, count)
      }
    }
  }
}
