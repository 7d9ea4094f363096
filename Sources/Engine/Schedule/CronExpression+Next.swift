extension CronExpression {
  /// How far ahead an occurrence is looked for: past the longest gap between leap days.
  private static let horizonDays: Int64 = 366 * 9

  /// The first local second after `second` that the expression names, on a wall clock that never jumps. Nil: there is
  /// none, ever.
  internal func nextLocal(after second: Int64) -> Int64? {
    var day = floorDivide(second + 1, 86_400)
    var from = Int(floorRemainder(second + 1, 86_400))
    let end = day + Self.horizonDays
    while day <= end {
      let date = CivilDate(days: day)
      if !months.contains(date.month) {
        day = date.startOfNextMonth.days
      } else {
        if matches(day: day, date), let time = nextTime(from: from) { return day * 86_400 + Int64(time) }
        day += 1
      }
      from = 0
    }
    return nil
  }

  /// The first second of a day, `second` or later, that the time fields name.
  private func nextTime(from second: Int) -> Int? {
    let (hour, minute) = (second / 3_600, second / 60 % 60)
    if hours.contains(hour) {
      if minutes.contains(minute), let second = seconds.next(second % 60) {
        return hour * 3_600 + minute * 60 + second
      }
      if let minute = minutes.next(minute + 1) { return hour * 3_600 + minute * 60 + seconds.first }
    }
    return hours.next(hour + 1).map { $0 * 3_600 + minutes.first * 60 + seconds.first }
  }

  /// The first occurrence after `instant` in a zone, both in seconds since 1970 (UTC). Nil: there is none, ever.
  ///
  /// - An expression with chosen hours names points of the day: one that the clock skips occurs at the first instant
  ///   after the gap, one that comes twice occurs the first time only.
  /// - An expression of every hour follows the minutes as they pass: what the clock skips does not occur, and an hour
  ///   that comes twice has its occurrences twice.
  package func next(after instant: Int64, in zone: ZoneRules) -> Int64? {
    isEveryHour ? nextPassing(after: instant, zone) : nextPoint(after: instant, zone)
  }

  private func nextPoint(after instant: Int64, _ zone: ZoneRules) -> Int64? {
    // No earlier local time can come later: the mapping of local times to instants never decreases.
    var local = instant + zone.offset(at: instant)
    while let candidate = nextLocal(after: local) {
      let found = zone.firstInstant(ofLocal: candidate)
      if found > instant { return found }
      local = candidate
    }
    return nil
  }

  private func nextPassing(after instant: Int64, _ zone: ZoneRules) -> Int64? {
    var instant = instant
    while true {
      let offset = zone.offset(at: instant)
      guard let local = nextLocal(after: instant + offset) else { return nil }
      let candidate = local - offset
      guard let jump = zone.firstTransition(after: instant, until: candidate) else { return candidate }
      // The clock jumps before that: look at what it shows then.
      if matches(jump + zone.offset(at: jump)) { return jump }
      instant = jump
    }
  }
}
