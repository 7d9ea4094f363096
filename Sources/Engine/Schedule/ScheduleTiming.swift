/// When a schedule's occurrences are. All instants are microseconds since 1970 (UTC).
package enum ScheduleTiming: Sendable {
  case cron(CronExpression, ZoneRules)
  /// At `anchor + k × every`, both ways.
  case interval(every: Int64, anchor: Int64)

  /// The first occurrence after an instant. Nil: there is none, ever.
  package func next(after instant: Int64) -> Int64? {
    switch self {
    case .cron(let expression, let zone):
      return expression.next(after: floorDivide(instant, 1_000_000), in: zone).map { $0 * 1_000_000 }
    case .interval(let every, let anchor):
      return anchor + (floorDivide(instant - anchor, every) + 1) * every
    }
  }

  /// The occurrences from one instant to another, both included; at most `limit` + 1, so that more can be told.
  package func occurrences(from: Int64, until: Int64, limit: Int) -> [Int64] {
    var found: [Int64] = []
    var instant = from - 1
    while found.count <= limit, let next = next(after: instant), next <= until {
      found.append(next)
      instant = next
    }
    return found
  }
}
