internal import Messages
internal import Postgres

extension Duration {
  /// Whole milliseconds, the fraction cut off.
  internal var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }

  /// Whole milliseconds, rounded up, at least 0.
  internal var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    guard seconds < 9_000_000_000_000 else { return 9_000_000_000_000_000 }
    return max(0, seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}

extension ProtoDuration {
  /// As a Swift duration; fractions of a nanosecond do not exist.
  internal var duration: Duration { .seconds(seconds) + .nanoseconds(Int64(nanos)) }
  internal var milliseconds: Int64 { duration.milliseconds }
  internal var isNegative: Bool { seconds < 0 || nanos < 0 }

  internal init(milliseconds: Int64) {
    self.init(seconds: milliseconds / 1_000, nanos: Int32(milliseconds % 1_000) * 1_000_000)
  }

  internal init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }
}

extension Timestamp {
  internal init(_ instant: PostgresTimestamp) {
    var seconds = instant.microseconds / 1_000_000
    var rest = instant.microseconds % 1_000_000
    if rest < 0 {
      seconds -= 1
      rest += 1_000_000
    }
    self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
  }

  /// Microseconds since 1970; nil when outside what the database can hold.
  internal var microseconds: Int64? {
    guard (-62_135_596_800...253_402_300_799).contains(seconds) else { return nil }
    return seconds * 1_000_000 + Int64(nanos) / 1_000
  }
}
