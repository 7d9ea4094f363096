internal import Engine
internal import Logging
internal import Messages
internal import Store

/// What follows a commit that counted in groups: workers told of cancelled members, members let go, deadlines.
extension Coordinator {
  /// Carries out what an operation did to groups beside its own business.
  internal func follow(_ effects: GroupEffects, of runID: RunID) {
    guard !effects.isEmpty else { return }
    for step in effects.cancelledSteps {
      cancel(
        TaskToken(runID: runID, sessionID: step.sessionID, epoch: step.epoch, step: step.stepKey),
        reason: "its group is resolved, or the run asked for it")
    }
    if let task = effects.untold { tellHolder(of: task) }
    if !effects.strandedChildren.isEmpty { Task { [self] in await stop(effects.strandedChildren) } }
    for key in Set(effects.readyKeys) { noteReady(key) }
  }

  /// Resolves a group whose deadline has passed; the run is woken to see what is there.
  internal func expire(_ group: DueGroups.Row) async throws(StoreError) {
    var expire = ExpireGroup(runID: group.runID, groupKey: group.groupKey)
    let reserved = group.run.flatMap { reserve($0.taskKey, preferring: $0.stickySession, jumpsQueue: true) }
    expire.reservedSession = reserved
    let outcome: Outcome
    do {
      outcome = try await store.submit(.expireGroup(expire), of: group.run?.tenant)
    } catch {
      release(reserved, .workflow)
      throw error
    }
    guard case .joined(let joined) = outcome else { return release(reserved, .workflow) }
    follow(joined.effects, of: group.runID)
    if let run = group.run { follow(joined.wake, of: run, reserved: reserved, record: nil) }
  }

  /// The report was recorded before: answered again, with the groups as they are.
  internal func answerAgain(
    _ reportID: UInt64, _ token: TaskToken, _ plan: WorkflowReportPlan, _ answer: @escaping Answer
  ) {
    let keys = plan.groupKeys
    guard !keys.isEmpty else { return answer(.recorded(reportID, plan, [])) }
    store.read(LoadResolvedGroups(runID: token.runID, keys: keys)) { result in
      switch result {
      case .success(let groups): answer(.recorded(reportID, plan, groups))
      case .failure(let error): answer(.rejected(reportID, error))
      }
    }
  }
}

extension GroupRecord {
  internal init(_ row: GroupRow) {
    self.init(
      key: row.key, verdict: Messages.GroupVerdict(row.verdict), winner: row.winner ?? "",
      succeeded: UInt32(row.succeeded), failed: UInt32(row.failed), failedStep: row.failedStep ?? "")
  }
}

extension Messages.GroupVerdict {
  internal init(_ verdict: Engine.GroupVerdict?) { self.init(rawValue: Int32(verdict?.rawValue ?? 0)) }
}
