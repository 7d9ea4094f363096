package import Engine

/// Hands ready tasks of one key to reserved slots.
package struct ClaimTasks: Sendable {
  package var key: TaskKey
  /// One entry a reserved slot.
  package var slots: [SessionID]

  package init(key: TaskKey, slots: [SessionID]) {
    self.key = key
    self.slots = slots
  }
}

/// A workflow task that a claim handed out.
package struct ClaimedRun: Sendable {
  package var runID: RunID
  package var sessionID: SessionID
  package var epoch: Int32
  /// Whether the session has the function in memory.
  package var isDelta: Bool

  package init(runID: RunID, sessionID: SessionID, epoch: Int32, isDelta: Bool) {
    self.runID = runID
    self.sessionID = sessionID
    self.epoch = epoch
    self.isDelta = isDelta
  }
}

/// An activity task that a claim handed out, with all that its worker needs.
package struct ClaimedStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var sessionID: SessionID
  package var epoch: Int32
  package var attempt: Int32
  package var activityType: String
  package var activityVersion: Int32
  package var input: [UInt8]?
  package var progress: [UInt8]?
  package var timeouts: ActivityTimeouts
  /// Milliseconds until the attempt times out, heartbeats left aside.
  package var remainingMilliseconds: Int64?
  package var run: RunReference

  package init(
    runID: RunID, stepKey: String, sessionID: SessionID, epoch: Int32, attempt: Int32, activityType: String,
    activityVersion: Int32, input: [UInt8]?, progress: [UInt8]?, timeouts: ActivityTimeouts,
    remainingMilliseconds: Int64?, run: RunReference
  ) {
    self.runID = runID
    self.stepKey = stepKey
    self.sessionID = sessionID
    self.epoch = epoch
    self.attempt = attempt
    self.activityType = activityType
    self.activityVersion = activityVersion
    self.input = input
    self.progress = progress
    self.timeouts = timeouts
    self.remainingMilliseconds = remainingMilliseconds
    self.run = run
  }
}

/// What tasks need to know of their run.
package struct RunReference: Sendable {
  package var runID: RunID
  package var namespace: String
  package var workflowID: String
  package var workflowType: String
  package var workflowVersion: Int32
  package var taskQueue: String
  package var priority: Int16
  package var headers: [UInt8]?
  /// The session that has the function in memory, as far as known.
  package var stickySession: SessionID?

  package init(
    runID: RunID, namespace: String, workflowID: String, workflowType: String, workflowVersion: Int32,
    taskQueue: String,
    priority: Int16, headers: [UInt8]?, stickySession: SessionID?
  ) {
    self.runID = runID
    self.namespace = namespace
    self.workflowID = workflowID
    self.workflowType = workflowType
    self.workflowVersion = workflowVersion
    self.taskQueue = taskQueue
    self.priority = priority
    self.headers = headers
    self.stickySession = stickySession
  }

  /// The kind of workflow task that advances it.
  package var taskKey: TaskKey {
    TaskKey(kind: .workflow, namespace: namespace, queue: taskQueue, type: workflowType, version: workflowVersion)
  }
}
