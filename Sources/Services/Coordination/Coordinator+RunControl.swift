internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// What operators do to runs, once the run was found: each says false when the run is not in a state for it.
extension Coordinator {
  /// Parks an open run. What sessions hold of it finishes and is recorded; nothing more is handed out.
  internal func pause(_ row: RunRow, reason: String) async throws(StoreError) -> Bool {
    guard case .done = try await store.submit(.pauseRun(PauseRun(runID: row.runID, reason: reason))) else {
      return false
    }
    hub.changed(row.runID)
    return true
  }

  /// Lets an open run go on; one that is not paused stays as it is.
  internal func resume(_ row: RunRow) async throws(StoreError) -> Bool {
    guard case .resumed(let resumed) = try await store.submit(.resumeRun(ResumeRun(runID: row.runID))) else {
      return false
    }
    if resumed.isReady { noteReady(row.taskKey) }
    for key in resumed.readyActivities { noteReady(key) }
    // What it held back may be past its time already.
    noteDue(inMilliseconds: 0)
    hub.changed(row.runID)
    return true
  }

  /// Opens a closed run again. False: it did not close, or completed, or an open run holds its workflow id.
  internal func reopen(_ row: RunRow) async throws(StoreError) -> Bool {
    let reopen = ReopenRun(runID: row.runID, dropped: Failure.droppedByAnotherAttempt.blob)
    guard case .restarted(let restarted) = try await store.submit(.reopenRun(reopen)) else { return false }
    reopened(row, restarted)
    return true
  }

  /// Makes a run that is open again known to those who can work on it.
  internal func reopened(_ row: RunRow, _ restarted: Restarted) {
    follow(restarted)
    noteReady(row.taskKey)
    noteDue(inMilliseconds: 0)
    hub.changed(row.runID)
  }
}

extension RunRow {
  /// The kind of workflow task that advances it.
  internal var taskKey: TaskKey {
    TaskKey(kind: .workflow, namespace: namespace, queue: taskQueue, type: workflowType, version: workflowVersion)
  }
}
