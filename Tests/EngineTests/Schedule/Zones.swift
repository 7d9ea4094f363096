import Engine
import Foundation

/// Rules of real zones, and wall-clock texts for them.
enum Zones {
  static func rules(_ name: String) -> ZoneRules {
    guard let zone = TimeZone(identifier: name) else { fatalError("no zone \(name)") }
    return ZoneRules { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
  }

  /// Seconds since 1970 of a text such as `2026-03-29 01:00:00`, in UTC.
  static func utc(_ text: String) -> Int64 {
    let numbers = text.split(whereSeparator: { "- :".contains($0) }).map { Int64($0)! }
    let days = CivilDate(year: numbers[0], month: Int(numbers[1]), day: Int(numbers[2])).days
    return days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + (numbers.count > 5 ? numbers[5] : 0)
  }

  /// The wall clock's text with its offset, such as `2026-03-29 03:00:00 +2:00`.
  static func wall(_ instant: Int64, _ zone: ZoneRules) -> String {
    let offset = zone.offset(at: instant)
    let local = instant + offset
    let date = CivilDate(days: floorDivide(local, 86_400))
    let rest = floorRemainder(local, 86_400)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let sign = offset < 0 ? "-" : "+"
    return "\(date.year)-\(two(Int64(date.month)))-\(two(Int64(date.day))) "
      + "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60)) \(sign)\(abs(offset) / 3_600):\(two(abs(offset) / 60 % 60))"
  }

  /// The occurrences of an expression between two instants in UTC, as wall-clock texts.
  static func occurrences(_ cron: String, _ name: String, from: String, until: String) throws -> [String] {
    let zone = rules(name)
    let timing = ScheduleTiming.cron(try CronExpression(cron), zone)
    return timing.occurrences(from: utc(from) * 1_000_000, until: utc(until) * 1_000_000, limit: 100_000)
      .map { wall($0 / 1_000_000, zone) }
  }
}
