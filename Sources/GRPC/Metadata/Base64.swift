/// Base64 of RFC 4648, section 4, as `-bin` metadata uses it: written without padding, read with or without.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: [UInt8]) -> String {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count * 4 + 2) / 3)
    var index = 0
    while index < bytes.count {
      let left = bytes.count - index
      let group =
        UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        | (left > 2 ? UInt32(bytes[index + 2]) : 0)
      for digit in 0..<min(left + 1, 4) { output.append(alphabet[Int(group >> (18 - 6 * UInt32(digit)) & 0x3F)]) }
      index += 3
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Nil for text that is not base64.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.count * 3 / 4)
    var group: UInt32 = 0
    var digits = 0
    var padding = 0
    for character in text {
      if character == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      let value = values[Int(character)]
      guard value != 0xFF, padding == 0 else { return nil }
      group = group << 6 | UInt32(value)
      digits += 1
      if digits % 4 == 0 {
        output += [
          UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
          UInt8(truncatingIfNeeded: group),
        ]
        group = 0
      }
    }
    guard padding == 0 || (digits + padding) % 4 == 0 && padding <= 2 else { return nil }
    switch digits % 4 {
    case 0: break
    case 2: output.append(UInt8(truncatingIfNeeded: group >> 4))
    case 3: output += [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
    default: return nil
    }
    return output
  }
}
