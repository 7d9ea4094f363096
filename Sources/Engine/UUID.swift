/// A 16-byte identifier, ordered as its bytes are. Run ids and session ids are UUIDv7 (RFC 9562, section 5.7).
package struct UUID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The first eight bytes, big-endian.
  package var high: UInt64
  /// The last eight bytes, big-endian.
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The lowest id that a UUIDv7 made at that time (milliseconds since 1970) can be.
  package static func lowestV7(milliseconds: UInt64) -> UUID { UUID(high: milliseconds << 16, low: 0) }

  package static func < (left: UUID, right: UUID) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  /// The usual text form, lower case: `018f3b2a-7c1d-7e5f-8a9b-0c1d2e3f4a5b`.
  package var description: String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var position = 0
      for index in 0..<16 {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          buffer[position] = UInt8(ascii: "-")
          position += 1
        }
        let byte = self[byte: index]
        buffer[position] = Self.hexadecimal(byte >> 4)
        buffer[position + 1] = Self.hexadecimal(byte & 15)
        position += 2
      }
      return 36
    }
  }

  /// Reads the usual text form, either case. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var digits = 0
    var position = 0
    for byte in text.utf8 {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
      } else {
        guard let value = Self.value(of: byte) else { return nil }
        if digits < 16 { high = high << 4 | value } else { low = low << 4 | value }
        digits += 1
      }
      position += 1
      guard position <= 36 else { return nil }
    }
    guard position == 36 else { return nil }
    self.init(high: high, low: low)
  }

  /// The bytes in order.
  package subscript(byte index: Int) -> UInt8 {
    let word = index < 8 ? high : low
    return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }

  private static func value(of byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

/// Identifies a run.
package typealias RunID = UUID
/// Identifies a session.
package typealias SessionID = UUID
