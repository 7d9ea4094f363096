/// How a schedule deals with its occurrences beside when they are.
package struct ScheduleTerms: Sendable, Equatable {
  /// The longest delay of a firing.
  package var jitterMicroseconds: Int64
  /// What is later than this is skipped.
  package var catchUpWindowMicroseconds: Int64
  /// At most this many that are due are fired, the newest ones.
  package var catchUpLimit: Int
  /// Makes the jitter of one schedule unlike another's.
  package var seed: UInt64

  package init(
    jitterMicroseconds: Int64 = 0, catchUpWindowMicroseconds: Int64 = 60_000_000, catchUpLimit: Int = 100,
    seed: UInt64 = 0
  ) {
    self.jitterMicroseconds = jitterMicroseconds
    self.catchUpWindowMicroseconds = catchUpWindowMicroseconds
    self.catchUpLimit = catchUpLimit
    self.seed = seed
  }

  /// When an occurrence is to be fired: up to the jitter later, the same for everyone who asks.
  package func fireTime(of occurrence: Int64) -> Int64 {
    guard jitterMicroseconds > 0 else { return occurrence }
    var value = seed ^ UInt64(bitPattern: occurrence)
    // Two rounds of splitmix64: neighbouring occurrences get unlike delays.
    for _ in 0..<2 {
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      value ^= value >> 31
    }
    return occurrence + Int64(value % UInt64(jitterMicroseconds + 1))
  }
}

/// What is to be done about a schedule's occurrences at one look.
package struct SchedulePlan: Sendable, Equatable {
  /// Occurrences that are passed over as one.
  package struct Skip: Sendable, Equatable {
    package var first: Int64
    /// The last of them, if all were counted.
    package var last: Int64?
    /// At most `SchedulePlan.countLimit`.
    package var count: Int
    /// Whether the catch-up limit, not the window, passed over some of them.
    package var isByLimit: Bool

    package init(first: Int64, last: Int64?, count: Int, isByLimit: Bool) {
      self.first = first
      self.last = last
      self.count = count
      self.isByLimit = isByLimit
    }
  }

  /// Occurrences are counted up to this many.
  package static let countLimit = 10_000

  package var skip: Skip?
  /// To be fired now, oldest first.
  package var due: [Int64]
  /// The first that is not due yet. Nil: there is none, ever.
  package var next: Int64?

  package init(skip: Skip? = nil, due: [Int64] = [], next: Int64? = nil) {
    self.skip = skip
    self.due = due
    self.next = next
  }

  /// Counts a span of occurrences from `first` up to, not including, `end`.
  package static func skip(_ timing: ScheduleTiming, from first: Int64, before end: Int64?, isByLimit: Bool) -> Skip {
    var (count, last) = (1, first)
    while count < countLimit, let next = timing.next(after: last), end.map({ next < $0 }) ?? true {
      count += 1
      last = next
    }
    return Skip(first: first, last: count < countLimit ? last : nil, count: count, isByLimit: isByLimit)
  }
}

extension ScheduleTiming {
  /// What is due of the occurrences from `first` on.
  ///
  /// Occurrences are dealt with in order: one whose jitter has not passed holds up those after it.
  package func plan(from first: Int64, now: Int64, terms: ScheduleTerms) -> SchedulePlan {
    var plan = SchedulePlan()
    // Whatever was before this is due and too old.
    let oldest = max(first, now - terms.catchUpWindowMicroseconds - terms.jitterMicroseconds)
    var span: Int64 = 60_000_000
    var begin: Int64
    var dropped: Bool
    repeat {
      // Everything before this is due. Looking back in growing steps finds the newest without counting a year of seconds.
      begin = max(oldest, now - terms.jitterMicroseconds - span)
      (plan.due, plan.next, dropped) = newestDue(from: begin, now: now, terms: terms)
      span *= 8
    } while plan.due.count < terms.catchUpLimit && begin > oldest
    let end = plan.due.first ?? plan.next
    if end.map({ first < $0 }) ?? true {
      let isByLimit = plan.due.count >= terms.catchUpLimit && (dropped || begin > oldest)
      plan.skip = SchedulePlan.skip(self, from: first, before: end, isByLimit: isByLimit)
    }
    return plan
  }

  /// The newest due occurrences that are not too old, the first that is not due, and whether the limit dropped any.
  private func newestDue(from begin: Int64, now: Int64, terms: ScheduleTerms) -> ([Int64], Int64?, Bool) {
    var due: [Int64] = []
    var dropped = false
    var candidate = next(after: begin - 1)
    while let occurrence = candidate {
      let time = terms.fireTime(of: occurrence)
      guard time <= now else { break }
      // What follows one that is kept is kept: nothing is passed over in the middle.
      if !due.isEmpty || time >= now - terms.catchUpWindowMicroseconds { due.append(occurrence) }
      if due.count >= 2 * terms.catchUpLimit + 64 {
        due.removeFirst(due.count - terms.catchUpLimit)
        dropped = true
      }
      candidate = next(after: occurrence)
    }
    if due.count > terms.catchUpLimit {
      due.removeFirst(due.count - terms.catchUpLimit)
      dropped = true
    }
    return (due, candidate, dropped)
  }
}
