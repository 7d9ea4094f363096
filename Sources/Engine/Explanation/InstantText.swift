/// Instants as people read them.
package enum InstantText {
  /// RFC 3339 in UTC to the millisecond, from microseconds since 1970 (proleptic Gregorian calendar).
  package static func rfc3339(microseconds: Int64) -> String {
    let milliseconds = microseconds.flooredDivision(by: 1_000)
    let seconds = milliseconds.flooredDivision(by: 1_000)
    let days = seconds.flooredDivision(by: 86_400)
    let (year, month, day) = date(days: days)
    let second = seconds - days * 86_400
    let clock = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
    let date = [padded(year, 4), padded(month, 2), padded(day, 2)].joined(separator: "-")
    return "\(date)T\(clock).\(padded(milliseconds - seconds * 1_000, 3))Z"
  }

  /// The date that is a number of days after 1970-01-01. Counts in eras of 400 years that begin in March, so that a leap
  /// day is the last of its year.
  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.flooredDivision(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}

extension Int64 {
  fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : (self - divisor + 1) / divisor
  }
}
