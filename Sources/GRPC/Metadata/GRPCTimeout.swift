/// The value of `grpc-timeout`: one to eight digits and a unit (`H M S m u n`).
enum GRPCTimeout {
  /// Nanoseconds, saturating: `99999999H` is more than any clock, not an overflow. Nil if the value is malformed.
  static func nanoseconds(_ text: UnsafeRawBufferPointer) -> UInt64? {
    guard (2...9).contains(text.count), let unit = text.last else { return nil }
    var value: UInt64 = 0
    for digit in text.dropLast() {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    let scale: UInt64
    switch unit {
    case UInt8(ascii: "H"): scale = 3_600_000_000_000
    case UInt8(ascii: "M"): scale = 60_000_000_000
    case UInt8(ascii: "S"): scale = 1_000_000_000
    case UInt8(ascii: "m"): scale = 1_000_000
    case UInt8(ascii: "u"): scale = 1_000
    case UInt8(ascii: "n"): scale = 1
    default: return nil
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: scale)
    return overflow ? .max : product
  }

  /// The finest unit whose value has at most eight digits, rounded up so that the server never gives up first.
  static func text(nanoseconds: UInt64) -> String {
    var value = nanoseconds
    if value <= 99_999_999 { return "\(value)n" }
    for (unit, scale) in [("u", 1_000 as UInt64), ("m", 1_000), ("S", 1_000), ("M", 60), ("H", 60)] {
      value = value / scale + (value % scale == 0 ? 0 : 1)
      if value <= 99_999_999 { return "\(value)\(unit)" }
    }
    return "99999999H"
  }
}
