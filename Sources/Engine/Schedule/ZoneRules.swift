/// The rules of a time zone: how far its wall clock is ahead of UTC at any instant. Where they come from is not the
/// engine's business.
package struct ZoneRules: Sendable {
  private let offsetAt: @Sendable (Int64) -> Int64

  /// - Parameter offsetAt: seconds east of UTC at a second since 1970.
  package init(offsetAt: @escaping @Sendable (Int64) -> Int64) { self.offsetAt = offsetAt }

  package static let utc = ZoneRules { _ in 0 }

  /// Seconds that the wall clock is ahead of UTC.
  package func offset(at instant: Int64) -> Int64 { offsetAt(instant) }

  private static let day: Int64 = 86_400

  /// The instant at which the wall clock shows `local`: the first of two, and of none the end of the gap.
  ///
  /// Offsets lie within a day of UTC, so what holds a day before and a day after are the two that may apply.
  package func firstInstant(ofLocal local: Int64) -> Int64 {
    let before = offset(at: local - Self.day)
    let after = offset(at: local + Self.day)
    let instants = [local - before, local - after].filter { offset(at: $0) == local - $0 }
    if let first = instants.min() { return first }
    return firstTransition(after: local - Self.day, until: local + Self.day) ?? local - before
  }

  /// The first instant after `start`, and not after `end`, at which the offset is another than the second before.
  package func firstTransition(after start: Int64, until end: Int64) -> Int64? {
    var start = start
    while start < end {
      // No zone changes twice within half a day.
      let stop = min(start + Self.day / 2, end)
      if offset(at: start) != offset(at: stop) { return bisect(start, stop) }
      start = stop
    }
    return nil
  }

  private func bisect(_ start: Int64, _ stop: Int64) -> Int64 {
    var (low, high) = (start, stop)
    let before = offset(at: start)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if offset(at: middle) == before { low = middle } else { high = middle }
    }
    return high
  }
}
