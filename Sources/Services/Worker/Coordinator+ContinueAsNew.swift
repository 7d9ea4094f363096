internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// Recording reports that go on as a new run.
extension Coordinator {
  internal func check(_ next: ContinueAsNew, _ run: RunReference) throws(ReportFlaw) {
    if let size = next.input?.data.count, size > limits.maxPayloadBytes {
      throw .invalid("the new run's input has \(size) bytes: at most \(limits.maxPayloadBytes) are allowed")
    }
    guard let version = next.workflowVersion,
      let refusal = refusal(of: version, of: run.workflowType, run.namespace)
    else { return }
    throw .invalid("the run cannot go on: \(Status(refusal, type: run.workflowType).message)")
  }

  internal func record(
    _ message: ContinueAsNew, _ plan: WorkflowReportPlan, _ token: TaskToken, _ reportID: UInt64, _ run: RunReference,
    _ session: WorkerSession, _ answer: @escaping Answer
  ) {
    var close = CloseRun(runID: token.runID, epoch: token.epoch, status: .continued)
    // What a closing run asks for is not done any more.
    close.steps = plan.steps.filter { $0.kind == .local && $0.state.isSettled }
    close.failedAttempts = plan.failedAttempts
    close.groups = plan.groups
    var next = ContinueRun(close: close, nextRunID: newID())
    next.input = message.input?.blob
    next.workflowVersion = message.workflowVersion.map { Int32($0) }
    var nextRun = run
    nextRun.runID = next.nextRunID
    nextRun.workflowVersion = next.workflowVersion ?? run.workflowVersion
    nextRun.stickySession = nil
    next.reservedSession = reserve(nextRun.taskKey, preferring: session.id, jumpsQueue: false)
    store.submit(.continueRun(next), of: run.tenant) { [self, next, nextRun] result in
      guard case .success(.continued(let continued)) = result else {
        release(next.reservedSession, .workflow)
        return settleRefusal(result, token, reportID, plan, session, answer)
      }
      session.remove(token)
      answer(.recorded(reportID, plan, continued.closed.resolvedGroups))
      handOut(nextRun, continued, input: message.input, reserved: next.reservedSession)
      runClosed(
        token.runID, continued.closed, output: nil, failure: nil, reason: "the run went on as run \(next.nextRunID)")
    }
  }

  private func handOut(_ run: RunReference, _ continued: Continued, input: Payload?, reserved: SessionID?) {
    if let timeout = continued.timeoutMilliseconds { noteDue(inMilliseconds: timeout) }
    guard !continued.isPaused else { return release(reserved, .workflow) }
    guard let reserved else { return noteReady(run.taskKey) }
    if continued.isCancelRequested {
      load(ClaimedRun(runID: run.runID, sessionID: reserved, epoch: 1, isDelta: false))
    } else {
      let token = TaskToken(runID: run.runID, sessionID: reserved, epoch: 1, step: nil)
      deliver(heldTask(token, of: run), firstTask(token, of: run, input: input, createdAt: continued.createdAt))
    }
  }
}
