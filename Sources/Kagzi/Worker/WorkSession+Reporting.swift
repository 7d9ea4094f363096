internal import Dispatch
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession: RunReporter {
  /// A run's report, on whatever thread the run came to rest.
  func send(_ report: WorkflowReport, number: UInt64, ending: RunEnding, of run: RunExecution) {
    let (sent, stream, evicted) = change { state in
      guard let held = state.runs[run.facts.runID], held.execution === run, state.tasks[held.token] != nil else {
        return (nil as TaskReport?, nil as WorkOutbox?, nil as RunExecution?)
      }
      var report = TaskReport(reportID: state.nextReportID(), token: held.token, report: .workflow(report))
      state.unanswered[report.reportID] = Unanswered(report: report, run: run, number: number, ending: ending)
      state.unaccepted.remove(held.token)
      var evicted: RunExecution?
      if ending != .goesOn {
        var grant = SlotGrant()
        _ = state.release(held.token, &grant)
        if !state.isDraining { report.grant = grant }
      }
      switch ending {
      case .goesOn: break
      case .suspends:
        evicted = state.suspended.insert(run.facts.runID).flatMap { state.runs.removeValue(forKey: $0) }?.execution
      case .closes: state.runs[run.facts.runID] = nil
      }
      return (report, state.stream, evicted)
    }
    if let sent { stream?.send(sent) }
    evicted?.drop()
  }
}

extension WorkSession: ActivityReporter {
  func ended(_ execution: ActivityExecution, _ report: ActivityReport) {
    sendLast(.activity(report), of: execution.task.token)
  }
}

extension WorkSession {
  /// The last report of a task that the worker holds.
  func sendLast(_ report: TaskReport.Report, of token: [UInt8]) {
    let (sent, stream) = change { state in
      var grant = SlotGrant()
      guard state.release(token, &grant) != nil else { return (nil as TaskReport?, nil as WorkOutbox?) }
      return (state.record(report, token, grant), state.stream)
    }
    if let sent { stream?.send(sent) }
  }

  /// Gives a task back that was never taken up.
  func giveBack(_ token: [UInt8], _ report: TaskReport.Report) {
    var grant = SlotGrant()
    switch report {
    case .workflow: grant.workflowSlots = 1
    case .activity: grant.activitySlots = 1
    }
    let (sent, stream) = state.withLock { state in (state.record(report, token, grant), state.stream) }
    stream?.send(sent)
  }

  // MARK: Answers

  func answered(_ answer: ReportAnswer) {
    let unanswered = change { $0.unanswered.removeValue(forKey: answer.reportID) }
    guard let unanswered else { return }
    guard let rejection = answer.rejection else {
      unanswered.run?.answered(unanswered.number, answer)
      return
    }
    switch rejection.reason {
    case .unavailable: sendAgain(unanswered, after: .seconds(1))
    case .limit where unanswered.refusals < 10: sendAgain(unanswered, after: .seconds(1))
    case .leaseLost: leaseLost(unanswered, rejection)
    default: refused(unanswered, rejection)
    }
  }

  private func sendAgain(_ unanswered: Unanswered, after delay: Duration) {
    var unanswered = unanswered
    unanswered.refusals += 1
    let id = unanswered.report.reportID
    state.withLock { $0.unanswered[id] = unanswered }
    timers.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.clampedNanoseconds))) {
      let (report, stream) = self.state.withLock { ($0.unanswered[id]?.report, $0.stream) }
      if let report { stream?.send(report) }
    }
  }

  private func leaseLost(_ unanswered: Unanswered, _ rejection: Rejection) {
    logger.debug("The task is someone else's by now", metadata: ["reason": "\(rejection.message)"])
    drop(unanswered)
  }

  /// The coordinator takes the report for wrong: a bug of this SDK or of the program. The run is parked, or the activity
  /// fails, with the reason; if that is refused as well, the task is given up.
  private func refused(_ unanswered: Unanswered, _ rejection: Rejection) {
    logger.error("A report was refused", metadata: ["reason": "\(rejection.reason): \(rejection.message)"])
    let token = unanswered.report.token
    drop(unanswered)
    let reason = "The coordinator refused the worker's report: \(rejection.message)"
    let (report, stream) = state.withLock { state in
      var report: TaskReport.Report?
      switch unanswered.report.report {
      case .workflow(let workflow) where !workflow.isLastWord:
        report = .workflow(WorkflowReport(outcome: .park(Park(reason: reason.wireText))))
      case .activity(let activity) where !activity.isLastWord:
        report = .activity(
          ActivityReport(outcome: .failure(Failure(kind: .invalidInput, message: reason.wireText, code: refusedCode))))
      default: break
      }
      return (report.map { state.record($0, token, SlotGrant()) }, state.stream)
    }
    if let report { stream?.send(report) }
  }

  /// Drops the function whose report was refused.
  private func drop(_ unanswered: Unanswered) {
    guard let run = unanswered.run else { return }
    let isCurrent = state.withLock { state in
      state.runs[run.facts.runID].map { $0.execution === run && $0.token == unanswered.report.token } ?? false
    }
    guard isCurrent else { return }
    lose([unanswered.report.token])
    state.withLock { state in
      if state.runs[run.facts.runID]?.execution === run { _ = state.take(runID: run.facts.runID) }
    }
    run.drop()
  }
}

extension WorkSession.State {
  /// Notes a task's last report; gives what is to be sent.
  mutating func record(_ report: TaskReport.Report, _ token: [UInt8], _ grant: SlotGrant) -> TaskReport {
    var report = TaskReport(reportID: nextReportID(), token: token, report: report)
    unanswered[report.reportID] = WorkSession.Unanswered(report: report)
    if !isDraining, grant != SlotGrant() { report.grant = grant }
    return report
  }
}

extension WorkflowReport {
  /// Whether there is nothing simpler to say after it.
  fileprivate var isLastWord: Bool {
    switch outcome {
    case .park, .giveBack: true
    default: false
    }
  }
}

/// The code of an activity whose report the coordinator took for wrong.
private let refusedCode = "REPORT_REFUSED"

extension ActivityReport {
  fileprivate var isLastWord: Bool {
    switch outcome {
    case .giveBack: true
    case .failure(let failure): failure.code == refusedCode
    default: false
    }
  }
}
