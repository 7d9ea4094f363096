internal import CNghttp2

/// A header list to send: one flat buffer, in order. Names must be lower case.
package struct HTTP2Headers: Sendable, Equatable {
  struct Field: Sendable, Equatable {
    var nameLength: Int32
    var valueLength: Int32
  }

  private(set) var bytes: [UInt8] = []
  private(set) var fields: [Field] = []

  package init() {}

  /// The size as RFC 9113, section 6.5.2 counts it: names + values + 32 a field.
  package var listSize: Int { bytes.count + 32 * fields.count }

  package var count: Int { fields.count }

  package mutating func append(_ name: some StringProtocol, _ value: some StringProtocol) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: value.utf8)
    fields.append(Field(nameLength: Int32(name.utf8.count), valueLength: Int32(value.utf8.count)))
  }

  package mutating func append(_ other: HTTP2Headers) {
    bytes.append(contentsOf: other.bytes)
    fields.append(contentsOf: other.fields)
  }

  /// The fields in the library's form, valid only inside `body`; the library copies what it keeps.
  func withNameValues<R>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> R) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(fields.count, 1)) { list in
        guard let base = bytes.baseAddress.map(UnsafeMutablePointer.init(mutating:)) else { return body(nil, 0) }
        var offset = 0
        for (index, field) in fields.enumerated() {
          let nameLength = Int(field.nameLength)
          let valueLength = Int(field.valueLength)
          list.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: base + offset, value: base + offset + nameLength, namelen: nameLength, valuelen: valueLength,
              flags: 0))
          offset += nameLength + valueLength
        }
        return body(list.baseAddress, fields.count)
      }
    }
  }
}
