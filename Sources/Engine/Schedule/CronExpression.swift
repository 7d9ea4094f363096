/// A cron expression: which local times it names.
///
/// Five fields (minute, hour, day of month, month, day of week), or six with seconds first; the second is 0 when there
/// are five. A day must match both the day of month and the day of week, except when neither has a `*`: then one of the
/// two is enough, as crontab(5) has it. 0 and 7 are Sunday.
package struct CronExpression: Sendable, Hashable {
  package let seconds: CronField
  package let minutes: CronField
  package let hours: CronField
  package let daysOfMonth: CronField
  package let months: CronField
  package let weekdays: CronField

  private static let shorthands = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  /// The longest expression, in bytes: fields are short, and lists of all values fit.
  private static let maxBytes = 1_000

  package init(_ text: String) throws(CronError) {
    guard text.utf8.count <= Self.maxBytes else { throw CronError("has more than \(Self.maxBytes) bytes") }
    let fields = try Self.fields(text)
    do {
      seconds = fields.count == 6 ? try CronField(fields[0], .second) : CronField(value: 0)
      let rest = fields.suffix(5).map { $0 }
      minutes = try CronField(rest[0], .minute)
      hours = try CronField(rest[1], .hour)
      daysOfMonth = try CronField(rest[2], .dayOfMonth)
      months = try CronField(rest[3], .month)
      weekdays = try CronField(rest[4], .weekday)
    }
  }

  private static func fields(_ text: String) throws(CronError) -> [Substring] {
    var text = text
    if let word = text.split(whereSeparator: \.isWhitespace).first, word.hasPrefix("@") {
      guard let meaning = shorthands[text.lowercased().trimmed] else {
        throw CronError("'\(text.trimmed)' is none of \(shorthands.keys.sorted().joined(separator: ", "))")
      }
      text = meaning
    }
    let fields = text.split(whereSeparator: \.isWhitespace)
    if fields.first?.contains("TZ=") == true { throw CronError("the zone is a field of its own: time_zone") }
    guard fields.count == 5 || fields.count == 6 else {
      throw CronError(
        "has \(fields.count) fields: it must have 5 (minute, hour, day of month, month, day of week), or 6 with seconds first"
      )
    }
    return fields
  }

  /// Whether the hours are all 24: such an expression follows the minutes as they pass, through both hours of a clock
  /// that is put back, while one with chosen hours names points of the day.
  package var isEveryHour: Bool { hours.count == 24 }

  /// Whether it names the local second `second`, counted from 1970-01-01 00:00:00 on the wall clock.
  package func matches(_ second: Int64) -> Bool {
    let day = floorDivide(second, 86_400)
    let rest = Int(floorRemainder(second, 86_400))
    return hours.contains(rest / 3_600) && minutes.contains(rest / 60 % 60) && seconds.contains(rest % 60)
      && matches(day: day, CivilDate(days: day))
  }

  internal func matches(day: Int64, _ date: CivilDate) -> Bool {
    guard months.contains(date.month) else { return false }
    let byDate = daysOfMonth.contains(date.day)
    let byWeekday = weekdays.contains(CivilDate.weekday(days: day))
    return daysOfMonth.isRestricted && weekdays.isRestricted ? byDate || byWeekday : byDate && byWeekday
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
