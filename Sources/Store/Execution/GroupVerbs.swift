internal import Engine
internal import Postgres

/// The operations of a batch that concern parallel groups. Batches without any add no statement.
internal struct GroupVerbs {
  private let settles: Placed<SettleStep>
  private let expiries: Placed<ExpireGroup>
  private let advances: Placed<AdvanceRun>
  private let closes: Placed<CloseRun>
  private let continuations: Placed<ContinueRun>
  private let reports: [JoinReportsMany.Report]
  /// Groups whose counts may change.
  private let counted: TouchedGroups
  /// These, and those of members whose rows are rewritten otherwise: locked first, so that no two batches wait for each other.
  private let locked: TouchedGroups

  init(_ verbs: Verbs) {
    settles = verbs.memberSettles
    expiries = verbs.expiries
    advances = verbs.advances.filter(\.concernsGroups)
    closes = verbs.closes.filter(\.concernsGroups)
    continuations = verbs.continuations.filter(\.close.concernsGroups)
    reports =
      advances.values.map(JoinReportsMany.Report.init)
      + (closes.values + continuations.values.map(\.close)).map(JoinReportsMany.Report.init)
    var touched = TouchedGroups()
    touched.members = settles.values.map { ($0.runID, $0.stepKey) }
    touched.groups = expiries.values.map { ($0.runID, $0.groupKey) }
    for report in reports { touched.add(report) }
    counted = touched
    touched.members += verbs.retries.values.filter(\.stepKey.mayNameMember).map { ($0.runID, $0.stepKey) }
    touched.members += verbs.readies.values.filter(\.stepKey.mayNameMember).map { ($0.runID, $0.stepKey) }
    locked = touched
  }

  func addLocks(_ pipeline: PostgresPipeline) {
    if !locked.isEmpty { pipeline.add(LockGroupsMany(touched: locked)) }
  }

  /// Settles members and expires groups.
  func addSettles(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !settles.values.isEmpty || !expiries.values.isEmpty else { return [] }
    let reply = pipeline.add(SettleMembersMany(settles: settles.values, expiries: expiries.values))
    // Whether a step was settled now or before: nothing is owed any more.
    let notices = settles.values.compactMap(\.guard.notice)
    if !notices.isEmpty { _ = pipeline.add(ForgetChildNotices(notices: notices)) }
    return [
      { [settles, expiries] outcomes in
        let indices = settles.indices + expiries.indices
        let runIDs = settles.values.map(\.runID) + expiries.values.map(\.runID)
        // What a run's members did together is told with the first of them.
        var first: [RunID: Int] = [:]
        for case .settled(let position, let wake) in reply.rows {
          outcomes[indices[position]] = .joined(Joined(wake: wake))
          first[runIDs[position]] = min(first[runIDs[position]] ?? .max, indices[position])
        }
        for case .cancelled(let step) in reply.rows {
          first[step.runID].map { outcomes[$0].addEffects { $0.cancelledSteps.append(step) } }
        }
        for case .stranded(let child) in reply.rows {
          first[child.parentRunID].map { outcomes[$0].addEffects { $0.strandedChildren.append(child) } }
        }
        for case .held(let task) in reply.rows {
          first[task.runID].map { outcomes[$0].addEffects { $0.untold = task } }
        }
      }
    ]
  }

  /// Counts what reports settle; comes before the statements that record them.
  func addJoins(_ pipeline: PostgresPipeline) -> PostgresReply<JoinReportsMany.Row>? {
    reports.isEmpty ? nil : pipeline.add(JoinReportsMany(reports: reports))
  }

  /// Lets held-back members go, and finds out what of the reports was not handed out. The collectors come after those of
  /// the reports, to which they add.
  /// - Parameter joined: what `addJoins` gave.
  func addReleases(
    _ pipeline: PostgresPipeline, _ joined: PostgresReply<JoinReportsMany.Row>?
  ) -> [OutcomeCollector] {
    guard !counted.isEmpty else { return [] }
    let places = advances.places { $0.runID }
      .merging(closes.places { $0.runID }) { first, _ in first }
      .merging(continuations.places { $0.close.runID }) { first, _ in first }
    var collectors: [OutcomeCollector] = []
    if let joined {
      collectors.append { outcomes in
        for row in joined.rows {
          switch row {
          case .resolved(let runID, let group, let isNew):
            places[runID].map { place in
              outcomes[place].addEffects { effects in
                effects.resolved.append(group)
                if isNew { effects.resolvedNow.append(group.key) }
              }
            }
          case .cancelled(let step):
            places[step.runID].map { outcomes[$0].addEffects { $0.cancelledSteps.append(step) } }
          case .stranded(let child):
            places[child.parentRunID].map { outcomes[$0].addEffects { $0.strandedChildren.append(child) } }
          }
        }
      }
    }
    let planned = advances.values.flatMap(\.planned)
    if !planned.isEmpty {
      let keptBack = pipeline.add(FindKeptBack(steps: planned))
      collectors.append { outcomes in
        for row in keptBack.rows { places[row.runID].map { outcomes[$0].addEffects { $0.keptBack.insert(row.key) } } }
      }
    }
    let released = pipeline.add(ReleaseMembersMany(touched: counted))
    collectors.append { [settles] outcomes in
      let places = settles.places { $0.runID }.merging(places) { _, report in report }
      for row in released.rows { places[row.runID].map { outcomes[$0].addEffects { $0.readyKeys.append(row.key) } } }
    }
    return collectors
  }
}

extension JoinReportsMany.Report {
  internal init(_ advance: AdvanceRun) {
    self.init(
      runID: advance.runID, epoch: advance.epoch, isSuspending: advance.disposition == .suspend, steps: advance.steps,
      groups: advance.groups)
  }

  internal init(_ close: CloseRun) {
    self.init(
      runID: close.runID, epoch: close.epoch, isSuspending: false, steps: close.steps, groups: close.groups)
  }
}

extension TouchedGroups {
  fileprivate mutating func add(_ report: JoinReportsMany.Report) {
    var keys = Set(report.steps.compactMap(\.groupKey))
    keys.formUnion(report.groups.opens.map(\.key))
    keys.formUnion(report.groups.cancels)
    groups += keys.map { (report.runID, $0) }
    members += report.groups.cancels.filter(\.mayNameMember).map { (report.runID, $0) }
  }
}

extension AdvanceRun {
  /// Activities that are to be handed out with the report.
  fileprivate var planned: [(runID: RunID, key: String, sessionID: SessionID)] {
    steps.compactMap { step in step.activity?.reservedSession.map { (runID, step.key, $0) } }
  }
}

extension Outcome {
  /// Adds to what the operation did to groups; a refused one did nothing.
  fileprivate mutating func addEffects(_ add: (inout GroupEffects) -> Void) {
    switch self {
    case .advanced(var advanced):
      add(&advanced.effects)
      self = .advanced(advanced)
    case .closed(var closed):
      closed.addEffects(add)
      self = .closed(closed)
    case .continued(var continued):
      continued.closed.addEffects(add)
      self = .continued(continued)
    case .joined(var joined):
      add(&joined.effects)
      self = .joined(joined)
    default: break
    }
  }
}

extension Closed {
  fileprivate mutating func addEffects(_ add: (inout GroupEffects) -> Void) {
    var effects = GroupEffects()
    add(&effects)
    cancelledSteps += effects.cancelledSteps
    strandedChildren += effects.strandedChildren
    resolvedGroups += effects.resolved
  }
}

extension Placed {
  fileprivate func filter(_ isWanted: (Value) -> Bool) -> Placed {
    var result = Placed()
    for (value, index) in zip(values, indices) where isWanted(value) { result.append(value, index) }
    return result
  }
}
