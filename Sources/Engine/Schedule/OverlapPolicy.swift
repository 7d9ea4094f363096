/// What becomes of an occurrence that comes while the run of the last one is open. Raw values are those of the contract.
package enum OverlapPolicy: Int16, Sendable, CaseIterable {
  case skip = 1
  case bufferOne = 2
  case bufferAll = 3
  case cancelOther = 4
  case allow = 5

  /// How many occurrences may wait; for CANCEL_OTHER a newer one takes the place of the one that waits.
  package func room(limit: Int32) -> Int32 {
    switch self {
    case .skip, .allow: 0
    case .bufferOne: 1
    case .bufferAll: limit
    case .cancelOther: .max
    }
  }
}

/// What made a firing. Raw values are those of the contract.
package enum FiringCause: Int16, Sendable, CaseIterable {
  case calendar = 1
  case trigger = 2
  case backfill = 3

  /// The policy that holds for a firing of this cause: a person who triggers wants a run, not a skip; a backfill wants
  /// all of its runs, one after the other unless they may overlap.
  package func policy(of schedule: OverlapPolicy) -> OverlapPolicy {
    switch self {
    case .calendar: schedule
    case .trigger: schedule == .skip ? .allow : schedule
    case .backfill: schedule == .allow ? .allow : .bufferAll
    }
  }
}
