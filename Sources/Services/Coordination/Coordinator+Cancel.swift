internal import Engine
internal import Store

extension Coordinator {
  /// Records that a run is to cancel and tells its code: the held workflow task and activities by push, a waiting run by
  /// a task. Asked again, it tells the workflow task's holder alone, who may not have heard: activities at work now may be the
  /// run's cleanup. False: the run is closed.
  internal func cancel(_ row: RunRow, reason: String) async throws(StoreError) -> Bool {
    let run = RunReference(
      runID: row.runID, namespace: row.namespace, workflowID: row.workflowID, workflowType: row.workflowType,
      workflowVersion: row.workflowVersion, taskQueue: row.taskQueue, priority: row.priority, headers: nil,
      stickySession: nil)
    return try await cancel(run, reason: reason)
  }

  /// The same for a run that is not read whole.
  internal func cancel(_ run: RunReference, reason: String) async throws(StoreError) -> Bool {
    let reserved = reserve(run.taskKey, preferring: run.stickySession, jumpsQueue: true)
    let cancel = CancelRun(
      runID: run.runID, reason: reason, graceMilliseconds: limits.cancelGrace.milliseconds, reservedSession: reserved)
    let outcome: Outcome
    do {
      outcome = try await store.submit(.cancelRun(cancel), of: run.tenant)
    } catch {
      release(reserved, .workflow)
      throw error
    }
    guard case .asked(let wake, let isFirst) = outcome else {
      release(reserved, .workflow)
      return false
    }
    noteDue(inMilliseconds: limits.cancelGrace.milliseconds)
    let held = try await store.read(HeldOfRun(runID: run.runID))
    // A task that a waiting run wakes for says so itself, whoever has claimed it by now.
    let isWorkflowTold = if case .none = wake { false } else { true }
    for task in held where task.stepKey == nil ? !isWorkflowTold : isFirst {
      self.cancel(
        TaskToken(runID: run.runID, sessionID: task.sessionID, epoch: task.epoch, step: task.stepKey), reason: reason)
    }
    follow(wake, of: run, reserved: reserved, record: nil)
    return true
  }
}
