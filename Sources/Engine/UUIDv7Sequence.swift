/// Makes UUIDv7 ids that rise strictly, however many are made in a millisecond: the 12 bits after the time count on
/// (RFC 9562, section 6.2, method 1). A clock that goes back does not make ids go back.
package struct UUIDv7Sequence: Sendable {
  /// 48 bits of time and the count of 12 bits, of the last id.
  private var last: UInt64 = 0

  package init() {}

  /// The next id.
  /// - Parameters:
  ///   - milliseconds: milliseconds since 1970 by whatever clock the caller trusts for ordering only.
  ///   - generator: the source of the random bits.
  package mutating func next(milliseconds: UInt64, using generator: inout some RandomNumberGenerator) -> UUID {
    // A new millisecond begins in the lower half of the counts, so that there is room; a full one borrows from the next.
    last = max(last + 1, milliseconds << 12 | generator.next() & 0x7FF)
    let high = (last >> 12) << 16 | 0x7000 | last & 0xFFF
    let low = (generator.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    return UUID(high: high, low: low)
  }
}
