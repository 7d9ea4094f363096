package import Engine
internal import Messages
package import Store
internal import Synchronization

/// What happens by the clock: timers, retries, delayed starts, timeouts. Each firing is guarded by its own SQL, so that
/// several coordinators may see the same due row and one fires it.
extension Coordinator {
  /// Fires what is due. Returns how long until the next is, in milliseconds; nil: nothing is planned.
  package func fireDue() async throws(StoreError) -> Int64? {
    let limit = 500
    while true {
      let steps = try await store.read(DueSteps(limit: limit))
      let runs = try await store.read(DueRuns(limit: limit))
      let groups = try await store.read(DueGroups(limit: limit))
      try await withDiscardingErrors { group in
        for step in steps { group { try await self.fire(step) } }
        for run in runs { group { try await self.fire(run) } }
        for due in groups { group { try await self.expire(due) } }
      }
      if steps.count < limit && runs.count < limit && groups.count < limit { break }
    }
    return try await store.read(NextDue()).first ?? nil
  }

  private func fire(_ step: DueSteps.Row) async throws(StoreError) {
    switch (step.kind, step.state) {
    case (.sleep, .waiting):
      _ = try await settle(
        step.runID, step.stepKey, guard: .due(.waiting), run: step.run, state: .completed, output: nil, failure: nil,
        kind: .sleep)
    case (.signal, .waiting):
      try await timeOutSignal(step)
    case (_, .retrying):
      guard
        case .woken(let wake) = try await store.submit(
          .readyStep(ReadyStep(runID: step.runID, stepKey: step.stepKey)), of: step.run?.tenant)
      else { return }
      if step.kind == .activity { noteStepReady(step.runID, step.stepKey) }
      if case .ready = wake, let run = step.run { noteReady(run.taskKey) }
    case (.activity, .ready):
      try await timeOut(step, guard: .due(.ready), reason: "no worker took the activity in time")
    case (.activity, .waiting):
      try await timeOut(
        step, guard: .due(.waiting),
        reason: "the activity was held back too long: its group had no room for it, or the run was paused")
    case (.activity, .running):
      try await timeOut(step, guard: .due(.running), reason: "the activity was not completed in time")
    default: break
    }
  }

  private func timeOut(
    _ step: DueSteps.Row, guard: SettleStep.Guard, reason: String
  ) async throws(StoreError) {
    let failure = Failure(kind: .timeout, message: reason, source: "kagzi")
    _ = try await failStep(step.runID, step.stepKey, guard: `guard`, failure: failure)
  }

  private func fire(_ run: DueRuns.Row) async throws(StoreError) {
    if run.timesOut {
      try await end(run.runID, .timedOut, kind: .timeout, reason: "the run timeout passed", onlyWhenDue: true)
    } else if run.endsCancelled {
      try await end(
        run.runID, .cancelled, kind: .cancelled, reason: "cancelled; no worker finished it in time", onlyWhenDue: true)
    } else if run.resumes,
      case .woken(.ready) = try await store.submit(.wakeRun(WakeRun(runID: run.runID)), of: run.key.tenant)
    {
      noteReady(run.key)
    }
  }

  /// Closes a run without its worker. False: it was closed already.
  @discardableResult
  internal func end(
    _ runID: RunID, _ status: Engine.RunStatus, kind: Messages.ErrorKind, reason: String, onlyWhenDue: Bool = false
  ) async throws(StoreError) -> Bool {
    let failure = Failure(kind: kind, message: reason, source: "kagzi")
    let outcome = try await store.submit(
      .endRun(
        EndRun(runID: runID, status: status, reason: reason, failure: failure.blob, onlyWhenDue: onlyWhenDue)))
    guard case .closed(let closed) = outcome else { return false }
    runClosed(runID, closed, output: nil, failure: failure.blob, reason: "run closed: \(reason)")
    return true
  }

  /// Tells everyone concerned that a run is closed.
  internal func runClosed(
    _ runID: RunID, _ closed: Closed, output: [UInt8]?, failure: [UInt8]?, reason: String
  ) {
    for step in closed.cancelledSteps {
      // An empty key is the run's own workflow task.
      let token = TaskToken(
        runID: runID, sessionID: step.sessionID, epoch: step.epoch, step: step.stepKey.isEmpty ? nil : step.stepKey)
      if token.step == nil, let session = session(token.sessionID) {
        session.remove(token)
        session.send(.lost(TaskLost(tokens: [token.bytes], reason: reason)))
      } else {
        cancel(token, reason: reason)
      }
    }
    meter.runClosed(closed.closing.status.name)
    hub.closed(runID, RunEnd(closing: closed.closing, output: output, failure: failure))
    peers.announce(.closed(runID))
    if var child = closed.endedChild {
      child.output = output
      child.failure = failure
      tellParent(child)
    }
    if !closed.strandedChildren.isEmpty { Task { [self] in await stop(closed.strandedChildren) } }
  }

  /// Tells the session that holds a task to cancel it, wherever it is attached.
  internal func cancel(_ token: TaskToken, reason: String) {
    if let session = session(token.sessionID) {
      tell(session, toCancel: token, reason: reason)
    } else {
      peers.announce(.cancel(session: token.sessionID, token: token.bytes, reason: reason))
    }
  }

  private func tell(_ session: WorkerSession, toCancel token: TaskToken, reason: String) {
    guard session.notesCancel(token) else { return }
    session.send(.cancel(CancelTask(token: token.bytes, reason: reason)))
  }

  /// Tells what a coordinator that died, or a connection that was lost, did not.
  internal func tellOfCancels(_ session: WorkerSession) {
    for cancel in session.takeCancels() { session.send(.cancel(cancel)) }
  }

  /// Another coordinator closed a run.
  package func heardClosed(_ runID: RunID) { hub.closed(runID) }

  /// Another coordinator wants a task cancelled that a session here may hold.
  package func heardCancel(session id: SessionID, token: [UInt8], reason: String) {
    guard let session = session(id), let token = TaskToken(token) else { return }
    tell(session, toCancel: token, reason: reason)
  }

  /// Changes that other coordinators made to runs that somebody follows here: they are not announced one by one.
  package func checkWatchedRuns() async throws(StoreError) {
    let watched = peers.hasPeers ? hub.watched : []
    guard !watched.isEmpty else { return seenSequences.withLock { $0 = [:] } }
    let rows = try await store.read(RunSequences(runIDs: watched))
    let changed = seenSequences.withLock { seen in
      let changed = rows.filter { seen[$0.runID] != $0.sequence }
      seen = Dictionary(rows.map { ($0.runID, $0.sequence) }, uniquingKeysWith: { first, _ in first })
      return changed
    }
    for row in changed { hub.changed(row.runID) }
  }

  /// Runs that somebody waits for here and that were closed elsewhere without our hearing of it.
  package func checkAwaitedRuns() async throws(StoreError) {
    let awaited = hub.awaited
    guard !awaited.isEmpty else { return }
    for row in try await store.read(LoadRuns(runIDs: awaited)) {
      if row.status.isClosed { hub.closed(row.runID) } else { hub.changed(row.runID) }
    }
  }
}

/// Runs bodies side by side and throws the first error once all have ended.
private func withDiscardingErrors(
  _ add: ((@escaping @Sendable () async throws -> Void) -> Void) -> Void
) async throws(StoreError) {
  var bodies: [@Sendable () async throws -> Void] = []
  add { bodies.append($0) }
  do {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for body in bodies { group.addTask { try await body() } }
      try await group.waitForAll()
    }
  } catch {
    throw StoreError(translating: error)
  }
}
