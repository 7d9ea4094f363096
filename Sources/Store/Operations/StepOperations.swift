package import Engine

/// A step that a report schedules or settles.
package struct NewStep: Sendable {
  package var key: String
  package var kind: StepKind
  package var state: StepState
  /// The attempt the report speaks of, for a local step; 1 otherwise.
  package var reportedAttempt: Int32 = 1
  /// The current attempt after it.
  package var attempt: Int32 = 1
  package var groupKey: String?
  package var output: [UInt8]?
  package var failure: [UInt8]?
  package var policy: [UInt8]?
  /// A timer's or a retry's delay from the moment it is recorded.
  package var delayMilliseconds: Int64?
  /// A timer's own time, in microseconds since 1970.
  package var dueAtMicroseconds: Int64?
  package var durationMilliseconds: Int64?
  package var activity: Activity?
  /// For a step that waits for a signal.
  package var signalName: String?
  /// For a step that waits for a child.
  package var childRunID: RunID?

  /// What only an activity has.
  package struct Activity: Sendable {
    package var type: String
    package var version: Int32
    package var namespace: String
    package var taskQueue: String
    package var priority: Int16
    package var input: [UInt8]?
    package var timeouts: ActivityTimeouts
    package var reservedSession: SessionID?

    package init(
      type: String, version: Int32, namespace: String, taskQueue: String, priority: Int16, input: [UInt8]?,
      timeouts: ActivityTimeouts
    ) {
      self.type = type
      self.version = version
      self.namespace = namespace
      self.taskQueue = taskQueue
      self.priority = priority
      self.input = input
      self.timeouts = timeouts
    }
  }

  package init(key: String, kind: StepKind, state: StepState) {
    self.key = key
    self.kind = kind
    self.state = state
  }

  internal var byteCount: Int {
    256 + (output?.count ?? 0) + (failure?.count ?? 0) + (policy?.count ?? 0) + (activity?.input?.count ?? 0)
  }
}

/// An attempt that did not settle its step.
package struct FailedAttempt: Sendable {
  package var key: String
  package var attempt: Int32
  package var failure: [UInt8]
  package var retryDelayMilliseconds: Int64?
  package var workerID: String?
  package var durationMilliseconds: Int64?

  package init(key: String, attempt: Int32, failure: [UInt8]) {
    self.key = key
    self.attempt = attempt
    self.failure = failure
  }
}

/// Settles an open step and wakes its run.
package struct SettleStep: Sendable {
  /// What must still hold.
  package enum Guard: Sendable {
    /// A session holds it (or handed its token away) under this epoch.
    case held(epoch: Int32)
    /// It is in this state and its time has come.
    case due(StepState)
    /// It waits for the child that began as `first`; `ended` is the child's run whose end settles it.
    case child(first: RunID, ended: RunID)
  }

  package var runID: RunID
  package var stepKey: String
  package var `guard`: Guard
  package var state: StepState
  package var output: [UInt8]?
  package var failure: [UInt8]?
  /// A slot reserved for the run's next task.
  package var reservedSession: SessionID?

  package init(runID: RunID, stepKey: String, guard: Guard, state: StepState) {
    self.runID = runID
    self.stepKey = stepKey
    self.guard = `guard`
    self.state = state
  }
}

/// Records a failed attempt of an activity and plans the next.
package struct RetryStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var `guard`: SettleStep.Guard
  /// The attempt that failed; guards against counting it twice.
  package var attempt: Int32
  package var failure: [UInt8]
  package var delayMilliseconds: Int64
  package var workerID: String?

  package init(
    runID: RunID, stepKey: String, guard: SettleStep.Guard, attempt: Int32, failure: [UInt8], delayMilliseconds: Int64
  ) {
    self.runID = runID
    self.stepKey = stepKey
    self.guard = `guard`
    self.attempt = attempt
    self.failure = failure
    self.delayMilliseconds = delayMilliseconds
  }
}

/// Takes an activity task away without counting an attempt.
package struct ReleaseStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var epoch: Int32
  /// Not claimable again before this long.
  package var delayMilliseconds: Int64

  package init(runID: RunID, stepKey: String, epoch: Int32, delayMilliseconds: Int64 = 0) {
    self.runID = runID
    self.stepKey = stepKey
    self.epoch = epoch
    self.delayMilliseconds = delayMilliseconds
  }
}

/// Makes a step claimable whose retry delay has passed; of a local step, wakes its run.
package struct ReadyStep: Sendable {
  package var runID: RunID
  package var stepKey: String

  package init(runID: RunID, stepKey: String) {
    self.runID = runID
    self.stepKey = stepKey
  }
}

/// Lets go of the session while the token stays good: the activity will be completed by whoever holds it.
package struct DetachStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var epoch: Int32

  package init(runID: RunID, stepKey: String, epoch: Int32) {
    self.runID = runID
    self.stepKey = stepKey
    self.epoch = epoch
  }
}

/// Keeps what a running activity has reached.
package struct RecordProgress: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var epoch: Int32
  package var progress: [UInt8]?

  package init(runID: RunID, stepKey: String, epoch: Int32, progress: [UInt8]?) {
    self.runID = runID
    self.stepKey = stepKey
    self.epoch = epoch
    self.progress = progress
  }
}

/// The four timeouts of an activity, in milliseconds; nil: none.
package struct ActivityTimeouts: Sendable, Equatable {
  package var scheduleToStart: Int64?
  package var startToClose: Int64?
  package var scheduleToClose: Int64?
  package var heartbeat: Int64?

  package init(
    scheduleToStart: Int64? = nil, startToClose: Int64? = 600_000, scheduleToClose: Int64? = nil,
    heartbeat: Int64? = nil
  ) {
    self.scheduleToStart = scheduleToStart
    self.startToClose = startToClose
    self.scheduleToClose = scheduleToClose
    self.heartbeat = heartbeat
  }
}
