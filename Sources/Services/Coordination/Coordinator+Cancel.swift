internal import Engine
internal import Store

extension Coordinator {
  /// Records that a run is to cancel and tells its code: the held workflow task and activities by push, a waiting run by
  /// a task. False: the run is closed.
  internal func cancel(_ row: RunRow, reason: String) async throws(StoreError) -> Bool {
    let key = TaskKey(
      kind: .workflow, namespace: row.namespace, queue: row.taskQueue, type: row.workflowType,
      version: row.workflowVersion)
    let reserved = reserve(key, jumpsQueue: true)
    let cancel = CancelRun(
      runID: row.runID, reason: reason, graceMilliseconds: limits.cancelGrace.milliseconds, reservedSession: reserved)
    let outcome: Outcome
    do {
      outcome = try await store.submit(.cancelRun(cancel))
    } catch {
      release(reserved, .workflow)
      throw error
    }
    guard case .woken(let wake) = outcome else {
      release(reserved, .workflow)
      return false
    }
    noteDue(inMilliseconds: limits.cancelGrace.milliseconds)
    let reference = RunReference(
      runID: row.runID, namespace: row.namespace, workflowID: row.workflowID, workflowType: row.workflowType,
      workflowVersion: row.workflowVersion, taskQueue: row.taskQueue, priority: row.priority, headers: nil,
      stickySession: nil)
    let held = try await store.read(HeldOfRun(runID: row.runID))
    let isWorkflowTold = if case .leased = wake { true } else { false }
    for task in held where task.stepKey != nil || !isWorkflowTold {
      self.cancel(
        TaskToken(runID: row.runID, sessionID: task.sessionID, epoch: task.epoch, step: task.stepKey), reason: reason)
    }
    follow(wake, of: reference, reserved: reserved, record: nil)
    return true
  }
}
