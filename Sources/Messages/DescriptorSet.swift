/// The compiled contract: what server reflection tells its callers.
public enum DescriptorSet {
  /// One compiled .proto file.
  public struct File: Sendable {
    /// Its path, such as `kagzi/v1/common.proto`.
    public let name: String
    /// The paths of the files that it imports.
    public let imports: [String]
    /// The full names that it declares: services, methods, messages, enums.
    public let symbols: [String]
    /// The serialized google.protobuf.FileDescriptorProto, in base64.
    let base64: StaticString

    /// The serialized google.protobuf.FileDescriptorProto. Decodes on every call: keep the result.
    public func serialized() -> [UInt8] {
      base64.withUTF8Buffer { Self.decoded($0) }
    }
  }
}

extension DescriptorSet.File {
  /// Decodes base64 (RFC 4648, section 4) that the generator wrote, so it is taken to be valid.
  private static func decoded(_ base64: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(base64.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    for character in base64 {
      guard let value = sextet(character) else { break }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }

  private static func sextet(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
