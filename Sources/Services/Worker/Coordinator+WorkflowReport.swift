internal import Engine
internal import Messages
internal import Store
internal import Synchronization

/// Recording workflow reports.
extension Coordinator {
  internal typealias Answer = @Sendable (ReportAnswer) -> Void

  internal func record(
    _ report: WorkflowReport, _ token: TaskToken, id reportID: UInt64, run: RunReference, session: WorkerSession,
    isInformed: Bool = false, elapsed: [String: Int64]? = nil, answer: @escaping Answer
  ) {
    guard isInformed || !namesRefusedVersion(report, run) else {
      return learnVersions { [self] in
        record(report, token, id: reportID, run: run, session: session, isInformed: true, answer: answer)
      }
    }
    let budgeted = report.stepsWithBudget
    guard elapsed != nil || budgeted.isEmpty else {
      return readElapsed(budgeted, token, reportID, answer) { [self] elapsed in
        record(
          report, token, id: reportID, run: run, session: session, isInformed: true, elapsed: elapsed, answer: answer)
      }
    }
    let continues = if case .continue = report.outcome { true } else { false }
    let planner = WorkflowReportPlanner(
      report: report, run: run, workerID: session.workerID, limits: limits, registry: registry, continues: continues,
      newID: newID, elapsed: elapsed ?? [:])
    var plan: WorkflowReportPlan
    do {
      plan = try planner.plan()
      try check(report.outcome, run)
    } catch {
      return answer(.rejected(reportID, error.reason, error.message))
    }
    if report.outcome?.closes != true { plan.reserve(self) }
    accept(token, of: session)
    switch report.outcome {
    case .complete(let complete):
      var close = CloseRun(runID: token.runID, epoch: token.epoch, status: .completed)
      close.output = complete.output?.blob
      record(close, plan, token, reportID, session, answer)
    case .fail(let fail):
      recordFailure(fail.failure ?? Failure(kind: .unknown), plan, token, reportID, session, answer)
    case .continueAsNew(let next):
      record(next, plan, token, reportID, run, session, answer)
    default:
      record(advance(report.outcome, token, session), plan, token, reportID, run, session, answer)
    }
  }

  private func check(_ outcome: WorkflowReport.Outcome?, _ run: RunReference) throws(ReportFlaw) {
    switch outcome {
    case nil: throw .invalid("the report says not how the run goes on")
    case .continueAsNew(let next): try check(next, run)
    case .fail(let fail):
      if let size = fail.failure?.details?.data.count, size > limits.maxPayloadBytes {
        throw .invalid("the failure's details have \(size) bytes: at most \(limits.maxPayloadBytes) are allowed")
      }
    case .complete(let complete):
      if let size = complete.output?.data.count, size > limits.maxPayloadBytes {
        throw .invalid("the run's output has \(size) bytes: at most \(limits.maxPayloadBytes) are allowed")
      }
    default: break
    }
  }

  // MARK: Reports that leave the run open

  private func advance(
    _ outcome: WorkflowReport.Outcome?, _ token: TaskToken, _ session: WorkerSession
  ) -> AdvanceRun {
    var advance = AdvanceRun(runID: token.runID, epoch: token.epoch, disposition: .continue)
    switch outcome {
    case .suspend(let suspend):
      advance.disposition = .suspend
      advance.isSticky = suspend.sticky
      // In case something settled meanwhile: the same session goes on at once.
      advance.hasReservedSlot = dispatch.withLock { $0.reserve(session: session.id, .workflow) }
    case .giveBack(let giveBack):
      advance.disposition = giveBack.evicted || isShuttingDown(session) ? .giveBack : .giveBackLater
      advance.reason = giveBack.evicted ? nil : "given back by worker \(session.workerID): \(giveBack.reason)"
    case .park(let park):
      advance.disposition = .park
      advance.reason = park.reason
    default: break
    }
    return advance
  }

  private func isShuttingDown(_ session: WorkerSession) -> Bool {
    dispatch.withLock { $0.isDraining(session.id) }
  }

  private func record(
    _ operation: AdvanceRun, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64, _ run: RunReference,
    _ session: WorkerSession, _ answer: @escaping Answer
  ) {
    var advance = operation
    advance.steps = plan.steps
    advance.failedAttempts = plan.failedAttempts
    advance.groups = plan.groups
    advance.children = plan.children.map(\.child)
    advance.awaitsSignals = plan.awaitsSignals
    if advance.hasReservedSlot { advance.reservedSession = session.id }
    var run = run
    if advance.isSticky { run.stickySession = session.id }
    store.submit(.advanceRun(advance), of: run.tenant) { [self, advance, run] result in
      guard case .success(.advanced(let advanced)) = result else {
        plan.release(self)
        return settleRefusal(result, token, reportID, plan, session, reserved: advance.reservedSession, answer)
      }
      if advance.disposition != .continue {
        session.remove(token)
      } else if !advanced.effects.resolvedNow.isEmpty {
        // The answer says so.
        session.answers(token, advanced.effects.resolvedNow)
      }
      answer(.recorded(reportID, plan, advanced.effects.resolved))
      handOut(plan, advanced, token, run)
      handOut(plan.children, advanced.children, of: run)
      follow(advanced.effects, of: token.runID)
      if let due = plan.nextDue { noteDue(inMilliseconds: due) }
      if advance.disposition == .giveBackLater { noteDue(inMilliseconds: 1_000) }
      if let epoch = advanced.newEpoch {
        load(ClaimedRun(runID: token.runID, sessionID: session.id, epoch: epoch, isDelta: advance.isSticky))
      } else if advance.hasReservedSlot {
        release(session.id, .workflow)
      }
      if advanced.isReady { noteReady(run.taskKey) }
      hub.changed(token.runID)
    }
  }

  /// Pushes or announces the activities that a recorded report scheduled.
  private func handOut(_ plan: WorkflowReportPlan, _ advanced: Advanced, _ token: TaskToken, _ run: RunReference) {
    // A paused run holds them back.
    if advanced.isPaused { return plan.release(self) }
    let keptBack = advanced.effects.keptBack
    var ready: Set<TaskKey> = []
    for planned in plan.activities {
      guard let session = planned.reservedSession, let activity = planned.step.activity else {
        ready.insert(planned.key)
        continue
      }
      if !keptBack.isEmpty, keptBack.contains(planned.step.key) {
        release(session, .activity)
        continue
      }
      deliver(
        ClaimedStep(
          runID: token.runID, stepKey: planned.step.key, sessionID: session, epoch: advanced.stepEpoch + 1,
          attempt: 1,
          activityType: activity.type, activityVersion: activity.version, input: activity.input, progress: nil,
          timeouts: activity.timeouts,
          remainingMilliseconds: [activity.timeouts.startToClose, activity.timeouts.scheduleToClose].compactMap { $0 }
            .min(),
          run: run))
    }
    for key in ready { noteReady(key) }
  }

  // MARK: Reports that close the run

  internal func record(
    _ operation: CloseRun, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64,
    _ session: WorkerSession, _ answer: @escaping Answer
  ) {
    var close = operation
    // What a closing run asks for is not done any more.
    close.steps = plan.settledLocalSteps
    close.failedAttempts = plan.failedAttempts
    close.groups = plan.groups
    close.onlyWhenSettled = close.steps.isEmpty && close.failedAttempts.isEmpty && close.groups.isEmpty
    submit(close, plan, token, reportID, session, answer)
  }

  private func submit(
    _ close: CloseRun, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64,
    _ session: WorkerSession, _ answer: @escaping Answer
  ) {
    store.submit(.closeRun(close), of: session.tenant(of: token)) { [self] result in
      guard case .success(.closed(let closed)) = result else {
        if close.onlyWhenSettled, case .success = result {
          // Something is open, or the lease is lost.
          var close = close
          close.onlyWhenSettled = false
          return submit(close, plan, token, reportID, session, answer)
        }
        return settleRefusal(result, token, reportID, plan, session, answer)
      }
      session.remove(token)
      // Before the worker's answer: others wait for it.
      runClosed(
        token.runID, closed, output: close.output, failure: close.failure,
        reason: "the run closed as \(closed.closing.status.name)")
      answer(.recorded(reportID, plan, closed.resolvedGroups))
    }
  }

  // MARK: Refused

  /// The report was not recorded now: it may have been before, the lease may be lost, or the store did not do it.
  /// - Parameter reserved: the session, if a slot of it was reserved for the run's next task.
  internal func settleRefusal(
    _ outcome: Result<Outcome, StoreError>, _ token: TaskToken, _ reportID: UInt64, _ plan: WorkflowReportPlan,
    _ session: WorkerSession, reserved: SessionID? = nil, _ answer: @escaping Answer
  ) {
    if case .failure(let error) = outcome {
      release(reserved, .workflow)
      return answer(.rejected(reportID, error))
    }
    store.read(LookAtRun(runID: token.runID)) { [self] result in
      let row = (try? result.get())?.first
      let isRecorded = row.map { $0.closingEpoch == token.epoch || $0.reportedEpoch == token.epoch } ?? false
      if case .success(.woken(.leased(let epoch, let isDelta, _))) = outcome {
        // A signal of the same batch has used the slot.
        load(ClaimedRun(runID: token.runID, sessionID: session.id, epoch: epoch, isDelta: isDelta))
      } else {
        release(reserved, .workflow)
      }
      switch result {
      case .failure(let error): answer(.rejected(reportID, error))
      case .success:
        session.remove(token)
        guard let row else { return answer(.rejected(reportID, .invalid, "there is no run \(token.runID)")) }
        if isRecorded {
          answerAgain(reportID, token, plan, answer)
        } else {
          answer(.rejected(reportID, .leaseLost, row.holder))
        }
      }
    }
  }
}

extension ReportAnswer {
  /// - Parameter resolved: resolved groups that the report speaks of.
  internal static func recorded(_ id: UInt64, _ plan: WorkflowReportPlan, _ resolved: [GroupRow]) -> ReportAnswer {
    ReportAnswer(
      reportID: id, decisions: plan.decisions(resolved), resolvedGroups: resolved.map { GroupRecord($0) })
  }
}

extension WorkflowReport.Outcome {
  internal var closes: Bool {
    switch self {
    case .complete, .fail, .continueAsNew: true
    default: false
    }
  }
}

extension LookAtRun.Row {
  /// Who or what has the run now, for a person.
  internal var holder: String {
    if let closedStatus { return "the run is closed as \(closedStatus.name)" }
    if isLeased { return "worker \(workerID ?? "unknown") holds the task now" }
    return "the task was given back"
  }
}

extension ReportAnswer {
  internal static func rejected(_ id: UInt64, _ reason: RejectionReason, _ message: String) -> ReportAnswer {
    ReportAnswer(reportID: id, rejection: Rejection(reason: reason, message: message))
  }

  internal static func rejected(_ id: UInt64, _ error: StoreError) -> ReportAnswer {
    switch error {
    case .invalidData(let message): rejected(id, .invalid, message)
    case .constraint("members_name_a_group_that_was_opened"):
      rejected(id, .invalid, "a step names a group that is neither recorded nor opened in this report")
    case .constraint(let name): rejected(id, .invalid, "the rule '\(name)' forbids it")
    default: rejected(id, .unavailable, "\(error)")
    }
  }
}
