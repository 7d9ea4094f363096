internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// Recording signals, and giving up waiting for one.
extension Coordinator {
  /// Reads a signal of a request.
  internal func newSignal(name: String, payload: Payload?, requestID: String) throws(Status) -> NewSignal {
    let name = try self.name(name, "signal_name")
    try check(payload, "payload")
    // One that its caller has given none gets one here: should the commit's answer be lost, it is recorded once all the same.
    let id = try self.requestID(requestID) ?? newID().description
    return NewSignal(name: name, payload: payload?.blob, requestID: id)
  }

  /// Signals the run that has this run id or, if it is open, this workflow id. Returns the run that got it.
  internal func signal(
    namespace: String, runID: RunID?, workflowID: String?, _ signal: NewSignal
  ) async throws -> RunID {
    while true {
      let locate = LocateRun(namespace: namespace, runID: runID, workflowID: workflowID)
      guard let located = try await store.read(locate).first else {
        throw Status.runNotFound(
          namespace: namespace, runID: runID?.description ?? "", workflowID: workflowID ?? "")
      }
      let id = located.run.runID
      if let status = located.closedStatus {
        if try await isRecorded(signal, id) { return id }
        throw Status.runClosed(id.description, status: status.name)
      }
      if try await record(signal, located) { return id }
      // It closed meanwhile; its workflow id may be another open run's now.
    }
  }

  /// Whether the signal of this request id was recorded before.
  internal func isRecorded(_ signal: NewSignal, _ runID: RunID) async throws(StoreError) -> Bool {
    guard let requestID = signal.requestID else { return false }
    return try await !store.read(FindSignal(runID: runID, requestID: requestID)).isEmpty
  }

  /// Records a signal of a run. False: the run is closed.
  internal func record(_ signal: NewSignal, _ located: LocateRun.Row) async throws -> Bool {
    let run = located.run
    let reserved =
      located.isWaiting ? reserve(run.taskKey, preferring: run.stickySession, jumpsQueue: true) : nil
    let operation = SignalRun(
      runID: run.runID, signal: signal, limit: limits.maxUntakenSignals, reservedSession: reserved)
    let outcome: Outcome
    do {
      outcome = try await store.submit(.signalRun(operation), of: run.tenant)
    } catch {
      release(reserved, .workflow)
      throw error
    }
    guard case .signalled(let signalled) = outcome else {
      release(reserved, .workflow)
      return false
    }
    follow(signalled.wake, of: run, reserved: reserved, record: nil)
    guard signalled.verdict != .full else {
      throw Status.tooManySignals(run.runID.description, limit: limits.maxUntakenSignals)
    }
    return true
  }

  /// Settles a step whose signal did not come in time.
  internal func timeOutSignal(_ step: DueSteps.Row) async throws(StoreError) {
    let failure = Failure(
      kind: .timeout, message: "the signal did not come in time", code: "SIGNAL_TIMEOUT", source: "kagzi")
    _ = try await settle(
      step.runID, step.stepKey, guard: .due(.waiting), run: step.run, state: .failed, output: nil, failure: failure,
      kind: .signal)
  }
}
