import Engine
import SeededRandom
import Testing

@Suite("Cron expressions")
struct CronExpressionTests {
  @Test(
    "what an expression names",
    arguments: [
      ("* * * * *", "2026-01-01 00:00:30", "2026-01-01 00:01:00"),
      ("*/10 * * * * *", "2026-01-01 00:00:05", "2026-01-01 00:00:10"),
      ("5/20 * * * *", "2026-01-01 00:26:00", "2026-01-01 00:45:00"),
      ("0,30 8-9 * * *", "2026-01-01 09:30:00", "2026-01-02 08:00:00"),
      ("0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
      ("0 0 29 2 *", "2097-01-01 00:00:00", "2104-02-29 00:00:00"),
      ("0 12 * JAN,jul MON-FRI", "2026-01-03 00:00:00", "2026-01-05 12:00:00"),
      ("0 0 * * 7", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
      ("0 0 * * 5-7", "2026-01-04 00:00:00", "2026-01-09 00:00:00"),
      ("0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00"),
      // Neither day field has a star: one of the two is enough.
      ("0 0 13 * FRI", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
      ("0 0 13 * FRI", "2026-01-10 00:00:00", "2026-01-13 00:00:00"),
      // One has: both must match.
      ("0 0 */2 * FRI", "2026-01-01 00:00:00", "2026-01-09 00:00:00"),
      ("59 59 23 31 12 *", "2026-06-01 00:00:00", "2026-12-31 23:59:59"),
      ("@hourly", "2026-01-01 00:00:00", "2026-01-01 01:00:00"),
      ("@daily", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
      ("@midnight", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
      ("@weekly", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
      ("@monthly", "2026-01-01 00:00:00", "2026-02-01 00:00:00"),
      (" @Yearly ", "2026-01-01 00:00:00", "2027-01-01 00:00:00"),
      ("@annually", "2026-06-01 00:00:00", "2027-01-01 00:00:00"),
    ])
  func next(expression: String, after: String, expected: String) throws {
    let next = try CronExpression(expression).next(after: Zones.utc(after), in: .utc)
    #expect(next.map { Zones.wall($0, .utc) } == "\(expected) +0:00")
  }

  @Test(
    "what cannot be used is refused with the field and the reason",
    arguments: [
      ("", "has 0 fields"), ("* * * *", "has 4 fields"), ("* * * * * * *", "has 7 fields"),
      ("60 * * * *", "minute: 60 is not within 0 to 59"), ("* 24 * * *", "hour: 24 is not within 0 to 23"),
      ("* * 0 * *", "day of month: 0 is not within 1 to 31"), ("* * * 13 *", "month: 13 is not within 1 to 12"),
      ("* * * * 8", "day of week: 8 is not within 0 to 7"), ("* * L * *", "not supported"),
      ("* * 15W * *", "not supported"), ("* * * * 5#2", "not supported"), ("* * ? * *", "not supported"),
      ("*/0 * * * *", "the step '0' must be"), ("*/60 * * * *", "the step '60' must be"),
      ("*/ * * * *", "the step '' must be"), ("1-2-3 * * * *", "is not a range"), ("1,,2 * * * *", "is not a value"),
      ("1/2/3 * * * *", "is not a value"), ("-1 * * * *", "is not a number"), ("+1 * * * *", "is not a number"),
      ("1.5 * * * *", "is not a number"), ("٣ * * * *", "is not a number"), ("* * * FOO *", "not a number or a name"),
      ("* 22-2 * * *", "runs backwards; write it as two: 22-23,0-2"),
      ("* * * * FRI-MON", "runs backwards; write it as two: FRI-6,0-MON"), ("@every 5m", "is none of"),
      ("@reboot", "is none of"), ("@", "is none of"), ("TZ=UTC * * * * *", "time_zone"),
      ("CRON_TZ=UTC * * * * *", "time_zone"), ("100 * * * *", "is not a number"),
    ])
  func refused(expression: String, reason: String) {
    let error = #expect(throws: CronError.self) { try CronExpression(expression) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test("an expression of a thousand bytes is read, a longer one refused")
  func length() throws {
    let list = Array(repeating: "0", count: 490).joined(separator: ",")
    #expect(try CronExpression("\(list) * * * *").next(after: 0, in: .utc) == 3_600)
    #expect(throws: CronError.self) { try CronExpression("\(list),\(list) * * * *") }
  }

  @Test("dates that never come are found out", arguments: ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 * 30 FEB *"])
  func never(expression: String) throws {
    let cron = try CronExpression(expression)
    #expect(cron.next(after: 0, in: .utc) == nil)
    #expect(cron.next(after: Zones.utc("2096-03-01 00:00:00"), in: Zones.rules("Europe/Berlin")) == nil)
  }
}

@Suite("Cron expressions where the clock is changed")
struct CronClockChangeTests {
  @Test("a point of the day that the clock skips occurs once, at the end of the gap")
  func gap() throws {
    #expect(
      try Zones.occurrences("30 2 * * *", "Europe/Berlin", from: "2026-03-27 12:00", until: "2026-03-30 12:00") == [
        "2026-03-28 02:30:00 +1:00", "2026-03-29 03:00:00 +2:00", "2026-03-30 02:30:00 +2:00",
      ])
    #expect(
      try Zones.occurrences("30 2 * * *", "America/New_York", from: "2026-03-07 00:00", until: "2026-03-09 12:00") == [
        "2026-03-07 02:30:00 -5:00", "2026-03-08 03:00:00 -4:00", "2026-03-09 02:30:00 -4:00",
      ])
    #expect(
      try Zones.occurrences("15 2 * * *", "Australia/Lord_Howe", from: "2026-10-03 00:00", until: "2026-10-04 20:00")
        == [
          "2026-10-04 02:30:00 +11:00", "2026-10-05 02:15:00 +11:00",
        ])
    // Several points in one gap, and one at its end: still once.
    #expect(
      try Zones.occurrences("*/20 2,3 * * *", "Europe/Berlin", from: "2026-03-29 00:00", until: "2026-03-29 02:00") == [
        "2026-03-29 03:00:00 +2:00", "2026-03-29 03:20:00 +2:00", "2026-03-29 03:40:00 +2:00",
      ])
  }

  @Test("a point of the day that comes twice occurs the first time only")
  func fold() throws {
    #expect(
      try Zones.occurrences("30 2 * * *", "Europe/Berlin", from: "2026-10-24 12:00", until: "2026-10-26 12:00") == [
        "2026-10-25 02:30:00 +2:00", "2026-10-26 02:30:00 +1:00",
      ])
    #expect(
      try Zones.occurrences("0,30 1 * * *", "America/New_York", from: "2026-11-01 00:00", until: "2026-11-02 00:00")
        == [
          "2026-11-01 01:00:00 -4:00", "2026-11-01 01:30:00 -4:00",
        ])
    #expect(
      try Zones.occurrences("45 1 * * *", "Australia/Lord_Howe", from: "2026-04-04 00:00", until: "2026-04-05 00:00")
        == [
          "2026-04-05 01:45:00 +11:00"
        ])
  }

  @Test("an expression of every hour follows the minutes as they pass")
  func everyHour() throws {
    #expect(
      try Zones.occurrences("*/30 * * * *", "Europe/Berlin", from: "2026-03-29 00:00", until: "2026-03-29 02:00") == [
        "2026-03-29 01:00:00 +1:00", "2026-03-29 01:30:00 +1:00", "2026-03-29 03:00:00 +2:00",
        "2026-03-29 03:30:00 +2:00", "2026-03-29 04:00:00 +2:00",
      ])
    #expect(
      try Zones.occurrences("30 * * * *", "Europe/Berlin", from: "2026-10-24 23:00", until: "2026-10-25 02:00") == [
        "2026-10-25 01:30:00 +2:00", "2026-10-25 02:30:00 +2:00", "2026-10-25 02:30:00 +1:00",
      ])
    // Half an hour is put back at 02:00: 01:30 to 02:00 comes twice.
    #expect(
      try Zones.occurrences(
        "*/15 * * * *", "Australia/Lord_Howe", from: "2026-04-04 14:30", until: "2026-04-04 16:00") == [
          "2026-04-05 01:30:00 +11:00", "2026-04-05 01:45:00 +11:00", "2026-04-05 01:30:00 +10:30",
          "2026-04-05 01:45:00 +10:30", "2026-04-05 02:00:00 +10:30", "2026-04-05 02:15:00 +10:30",
          "2026-04-05 02:30:00 +10:30",
        ])
  }

  @Test("a day that a zone left out still has its point, at the beginning of the next")
  func lostDay() throws {
    #expect(
      try Zones.occurrences("0 12 * * *", "Pacific/Apia", from: "2011-12-29 00:00", until: "2011-12-31 12:00") == [
        "2011-12-29 12:00:00 -10:00", "2011-12-31 00:00:00 +14:00", "2011-12-31 12:00:00 +14:00",
      ])
  }

  /// Walks the seconds of UTC one by one (or minute by minute) and reads the rule off the wall clock.
  private static func naive(
    _ cron: CronExpression, _ zone: ZoneRules, from: Int64, until: Int64, step: Int64
  ) -> [Int64] {
    var found: [Int64] = []
    // What the clock has shown so far; a day back is further than any clock is put back.
    var latest = Int64.min
    var before = from - 86_400 + zone.offset(at: from - 86_400) - step
    for instant in stride(from: from - 86_400, through: until, by: Int64.Stride(step)) {
      let local = instant + zone.offset(at: instant)
      let isNew = local > latest
      var occurs = cron.matches(local) && (isNew || cron.isEveryHour)
      if !cron.isEveryHour, isNew, local > before + step {
        // The clock skipped something.
        for skipped in stride(from: before + step, to: local, by: Int64.Stride(step)) where cron.matches(skipped) {
          occurs = true
        }
      }
      if occurs, instant >= from { found.append(instant) }
      latest = max(latest, local)
      before = local
    }
    return found
  }

  private static func field(_ range: ClosedRange<Int>, _ generator: inout Seeded) -> String {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0, 1: return "*"
    case 2: return "*/\(Int.random(in: 1...max(2, range.upperBound / 2), using: &generator))"
    case 3:
      let ends = [Int.random(in: range, using: &generator), Int.random(in: range, using: &generator)].sorted()
      return "\(ends[0])-\(ends[1])/\(Int.random(in: 1...5, using: &generator))"
    case 4:
      return (0..<Int.random(in: 1...4, using: &generator))
        .map { _ in "\(Int.random(in: range, using: &generator))" }.joined(separator: ",")
    default: return "\(Int.random(in: range, using: &generator))"
    }
  }

  /// Days around changes of the clock, and one without.
  private static let spans = [
    ("Europe/Berlin", "2026-03-28 12:00"), ("Europe/Berlin", "2026-10-24 12:00"), ("Europe/Berlin", "2026-07-01 00:00"),
    ("America/New_York", "2026-03-07 12:00"), ("America/New_York", "2026-10-31 12:00"),
    ("Australia/Lord_Howe", "2026-04-04 00:00"), ("Australia/Lord_Howe", "2026-10-03 00:00"),
    ("Pacific/Apia", "2011-12-29 12:00"), ("America/Sao_Paulo", "2017-10-14 12:00"), ("UTC", "2028-02-28 00:00"),
  ]

  @Test("thousands of random expressions agree with a walk over every minute", arguments: 0..<8)
  func againstMinutes(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    for (name, begin) in Self.spans {
      let zone = Zones.rules(name)
      for _ in 0..<40 {
        let text = [0...59, 0...23, 1...31, 1...12, 0...7].map { Self.field($0, &generator) }.joined(separator: " ")
        try Self.compare(text, zone, name, from: Zones.utc(begin), seconds: 2 * 86_400, step: 60)
      }
    }
  }

  @Test("expressions with seconds agree with a walk over every second", arguments: 0..<2)
  func againstSeconds(seed: UInt64) throws {
    var generator = Seeded(seed: seed + 100)
    for (name, begin) in Self.spans {
      let zone = Zones.rules(name)
      for _ in 0..<3 {
        let times = [0...59, 0...59, 0...23].map { Self.field($0, &generator) }
        try Self.compare(
          (times + ["*", "*", "*"]).joined(separator: " "), zone, name, from: Zones.utc(begin), seconds: 86_400, step: 1
        )
      }
    }
  }

  private static func compare(
    _ text: String, _ zone: ZoneRules, _ name: String, from: Int64, seconds: Int64, step: Int64
  ) throws {
    let cron = try CronExpression(text)
    let expected = naive(cron, zone, from: from, until: from + seconds, step: step)
    let found = ScheduleTiming.cron(cron, zone)
      .occurrences(from: from * 1_000_000, until: (from + seconds) * 1_000_000, limit: 1_000_000).map { $0 / 1_000_000 }
    guard found != expected else { return }
    let missing = expected.first { !found.contains($0) }.map { Zones.wall($0, zone) }
    let surplus = found.first { !expected.contains($0) }.map { Zones.wall($0, zone) }
    Issue.record("'\(text)' in \(name): missing \(missing ?? "none"), surplus \(surplus ?? "none")")
  }
}
