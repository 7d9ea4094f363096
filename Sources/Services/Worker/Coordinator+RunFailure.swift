internal import Engine
internal import Messages
internal import Store

/// What comes after a workflow function failed: the run closes, or its own retry policy grants it another attempt.
extension Coordinator {
  /// Records a report of failure. Only failing runs pay for the look at their policy.
  internal func recordFailure(
    _ failure: Failure, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64, _ session: WorkerSession,
    _ answer: @escaping Answer
  ) {
    var close = CloseRun(runID: token.runID, epoch: token.epoch, status: .failed)
    close.failure = failure.blob
    close.isCancellation = failure.kind == .cancelled
    if failure.kind == .cancelled { return record(close, plan, token, reportID, session, answer) }
    store.read(LoadRunAttempt(runID: token.runID)) { [self, close] result in
      switch result {
      case .failure(let error): answer(.rejected(reportID, error))
      case .success(let rows):
        guard let attempt = rows.first, let restart = restart(attempt, after: failure, plan, token, session) else {
          return record(close, plan, token, reportID, session, answer)
        }
        record(restart, orElse: close, plan, token, reportID, session, answer)
      }
    }
  }

  /// Another attempt of the run, if its policy grants one. Cancellation is never retried.
  private func restart(
    _ attempt: LoadRunAttempt.Row, after failure: Failure, _ plan: WorkflowReportPlan, _ token: TaskToken,
    _ session: WorkerSession
  ) -> RestartRun? {
    guard !attempt.isCancelRequested, let policy = Messages.RetryPolicy(blob: attempt.policy) else { return nil }
    var generator = SystemRandomNumberGenerator()
    let decision = Engine.RetryPolicy(policy).decide(
      after: FailureFacts(failure), attempt: Int(attempt.attempt), elapsedMilliseconds: attempt.elapsedMilliseconds,
      using: &generator)
    guard case .retry(let delay) = decision else { return nil }
    var restart = RestartRun(
      runID: token.runID, epoch: token.epoch, failure: failure.blob, delayMilliseconds: delay,
      reason: "attempt \(attempt.attempt) failed: \(failure.message)", workerID: session.workerID,
      dropped: Failure.droppedByAnotherAttempt.blob)
    restart.steps = plan.settledLocalSteps
    restart.failedAttempts = plan.failedAttempts
    return restart
  }

  private func record(
    _ restart: RestartRun, orElse close: CloseRun, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64,
    _ session: WorkerSession, _ answer: @escaping Answer
  ) {
    store.submit(.restartRun(restart), of: session.tenant(of: token)) { [self] result in
      guard case .success(.restarted(let restarted)) = result else {
        if case .failure = result { return settleRefusal(result, token, reportID, plan, session, answer) }
        // Cancelled meanwhile, or recorded before: closing finds out which.
        return record(close, plan, token, reportID, session, answer)
      }
      session.remove(token)
      answer(ReportAnswer(reportID: reportID, decisions: plan.decisions))
      noteDue(inMilliseconds: restart.delayMilliseconds)
      follow(restarted)
      hub.changed(token.runID)
    }
  }

  /// Tells the workers of steps that another attempt of their run has dropped, and stops its children.
  internal func follow(_ restarted: Restarted) {
    if !restarted.strandedChildren.isEmpty { Task { await stop(restarted.strandedChildren) } }
    for step in restarted.cancelledSteps {
      cancel(
        TaskToken(runID: step.runID, sessionID: step.sessionID, epoch: step.epoch, step: step.stepKey),
        reason: Failure.droppedByAnotherAttempt.message)
    }
  }
}

extension WorkflowReportPlan {
  /// What a report that ends the run, or its attempt, still records: what it asks for is not done any more.
  internal var settledLocalSteps: [NewStep] { steps.filter { $0.kind == .local && $0.state.isSettled } }
}

extension Failure {
  /// What stands for the failure of a step that was not finished when another attempt of its run began.
  internal static let droppedByAnotherAttempt = Failure(
    kind: .cancelled, message: "another attempt of the run began before the step was finished", source: "kagzi")
}
