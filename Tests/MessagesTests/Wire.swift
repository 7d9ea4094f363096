/// Protobuf wire bytes written by hand, for what no encoder would write.
struct Wire {
  private(set) var bytes: [UInt8] = []

  /// A field with a length.
  func field(_ number: Int, _ content: [UInt8]) -> Wire {
    tag(number, 2).varint(UInt64(content.count)).raw(content)
  }

  func varint(_ number: Int, _ value: UInt64) -> Wire {
    tag(number, 0).varint(value)
  }

  func raw(_ more: [UInt8]) -> Wire {
    Wire(bytes: bytes + more)
  }

  private func tag(_ number: Int, _ type: Int) -> Wire {
    varint(UInt64(number << 3 | type))
  }

  private func varint(_ value: UInt64) -> Wire {
    var rest = value
    var encoded: [UInt8] = []
    while rest >= 0x80 {
      encoded.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return raw(encoded + [UInt8(rest)])
  }
}
