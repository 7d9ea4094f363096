package import Engine

/// Parks a run: nothing of it is handed out until it is resumed.
package struct PauseRun: Sendable {
  package var runID: RunID
  package var reason: String

  package init(runID: RunID, reason: String) {
    self.runID = runID
    self.reason = reason
  }
}

/// Lets a paused run go on, with all that it held back.
package struct ResumeRun: Sendable {
  package var runID: RunID
  package init(runID: RunID) { self.runID = runID }
}

/// Records a report of failure that the run's own policy answers with another attempt.
package struct RestartRun: Sendable {
  package var runID: RunID
  package var epoch: Int32
  package var failure: [UInt8]
  package var delayMilliseconds: Int64
  package var reason: String
  package var workerID: String
  /// What stands for the failure of steps that are dropped unfinished.
  package var dropped: [UInt8]
  package var steps: [NewStep] = []
  package var failedAttempts: [FailedAttempt] = []

  package init(
    runID: RunID, epoch: Int32, failure: [UInt8], delayMilliseconds: Int64, reason: String, workerID: String,
    dropped: [UInt8]
  ) {
    self.runID = runID
    self.epoch = epoch
    self.failure = failure
    self.delayMilliseconds = delayMilliseconds
    self.reason = reason
    self.workerID = workerID
    self.dropped = dropped
  }
}

/// Opens a closed run again that did not complete.
package struct ReopenRun: Sendable {
  package var runID: RunID
  /// What stands for the failure of steps that were dropped unfinished.
  package var dropped: [UInt8]

  package init(runID: RunID, dropped: [UInt8]) {
    self.runID = runID
    self.dropped = dropped
  }
}

/// Starts a new run with the steps of another that were scheduled before one of them.
package struct ForkRun: Sendable {
  package var source: RunID
  package var runID: RunID
  package var workflowID: String
  package var workflowVersion: Int32
  /// Nil: the source's own.
  package var input: [UInt8]?
  /// The first step that runs again.
  package var fromStep: String
  /// Nil: each time it is carried out is a fork of its own.
  package var requestID: String?

  package init(source: RunID, runID: RunID, workflowID: String, workflowVersion: Int32, fromStep: String) {
    self.source = source
    self.runID = runID
    self.workflowID = workflowID
    self.workflowVersion = workflowVersion
    self.fromStep = fromStep
  }
}
