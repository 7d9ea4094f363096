package import Engine

/// Starts a run, handed at once to a reserved session or left claimable.
package struct StartRun: Sendable {
  package var runID: RunID
  package var namespace: String
  package var workflowID: String
  package var workflowType: String
  package var workflowVersion: Int32
  package var taskQueue: String
  package var priority: Int16 = 0
  package var requestID: String?
  /// JSON object.
  package var tags: String?
  package var headers: [UInt8]?
  package var input: [UInt8]?
  package var policy: [UInt8]?
  package var timeoutMilliseconds: Int64?
  package var startDelayMilliseconds: Int64?
  /// Microseconds since 1970.
  package var startAtMicroseconds: Int64?
  package var reuse: Reuse = .allow
  package var reservedSession: SessionID?
  /// For a child: it is started only while that step waits for this very run.
  package var parent: ParentStep?
  /// A signal that is recorded with the start.
  package var signal: NewSignal?

  /// What a closed run with the same workflow id means.
  package enum Reuse: Int16, Sendable {
    case allow = 1
    case allowIfFailed = 2
    case reject = 3
  }

  package init(
    runID: RunID, namespace: String, workflowID: String, workflowType: String, workflowVersion: Int32, taskQueue: String
  ) {
    self.runID = runID
    self.namespace = namespace
    self.workflowID = workflowID
    self.workflowType = workflowType
    self.workflowVersion = workflowVersion
    self.taskQueue = taskQueue
  }
}

/// Records a report that leaves the run open.
package struct AdvanceRun: Sendable {
  package enum Disposition: Int16, Sendable {
    /// The function goes on under the same lease.
    case `continue` = 0
    /// The run waits; if something settled meanwhile it is handed out again.
    case suspend = 1
    /// The task goes back at once.
    case giveBack = 2
    /// The task goes back after a second: the worker could not do it.
    case giveBackLater = 3
    /// Nothing is handed out until a person resumes it.
    case park = 4
  }

  package var runID: RunID
  package var epoch: Int32
  package var disposition: Disposition
  package var reason: String?
  /// Whether the session keeps the function in memory.
  package var isSticky = false
  /// Whether a slot of the same session is reserved, in case the run has news.
  package var hasReservedSlot = false
  package var steps: [NewStep] = []
  package var failedAttempts: [FailedAttempt] = []
  package var children: [NewChild] = []
  /// Whether steps wait for signals: ones that came before are taken in the same transaction.
  package var awaitsSignals = false
  /// The session that reports, if a slot of it is reserved.
  package var reservedSession: SessionID?
  package var groups = GroupChanges()

  package init(runID: RunID, epoch: Int32, disposition: Disposition) {
    self.runID = runID
    self.epoch = epoch
    self.disposition = disposition
  }
}

/// Records a report that closes the run.
package struct CloseRun: Sendable {
  package var runID: RunID
  package var epoch: Int32
  package var status: RunStatus
  /// Whether FAILED becomes CANCELLED if cancellation was asked for.
  package var isCancellation = false
  package var output: [UInt8]?
  package var failure: [UInt8]?
  package var steps: [NewStep] = []
  package var failedAttempts: [FailedAttempt] = []
  package var groups = GroupChanges()
  /// Whether it is refused while a step or a group of the run is open, instead of cancelling them: cheaper. Such a report has no steps.
  package var onlyWhenSettled = false

  package init(runID: RunID, epoch: Int32, status: RunStatus) {
    self.runID = runID
    self.epoch = epoch
    self.status = status
  }

  internal var byteCount: Int {
    64 + (output?.count ?? 0) + (failure?.count ?? 0) + steps.reduce(0) { $0 + $1.byteCount }
  }
}

/// Takes a workflow task away from a session that lost it or never accepted it.
package struct ReleaseRun: Sendable {
  package var runID: RunID
  package var epoch: Int32
  /// Whether it counts as lost to a dead worker.
  package var isLoss: Bool
  /// Losses in a row that park the run.
  package var lossLimit: Int32
  package var reason: String

  package init(runID: RunID, epoch: Int32, isLoss: Bool, lossLimit: Int32, reason: String) {
    self.runID = runID
    self.epoch = epoch
    self.isLoss = isLoss
    self.lossLimit = lossLimit
    self.reason = reason
  }
}

/// Makes a run claimable whose own time has come (delayed start, a task given back).
package struct WakeRun: Sendable {
  package var runID: RunID
  package init(runID: RunID) { self.runID = runID }
}

/// Asks a run to cancel.
package struct CancelRun: Sendable {
  package var runID: RunID
  package var reason: String
  package var graceMilliseconds: Int64
  /// A slot reserved for telling the run, if it waits.
  package var reservedSession: SessionID?

  package init(runID: RunID, reason: String, graceMilliseconds: Int64, reservedSession: SessionID? = nil) {
    self.runID = runID
    self.reason = reason
    self.graceMilliseconds = graceMilliseconds
    self.reservedSession = reservedSession
  }
}

/// Closes a run without its worker: terminated, timed out, or cancelled with nobody to finish it.
package struct EndRun: Sendable {
  package var runID: RunID
  package var status: RunStatus
  package var reason: String
  package var failure: [UInt8]
  /// Ends it only if its timeout or its cancellation's grace has passed by the database's clock.
  package var onlyWhenDue = false

  package init(runID: RunID, status: RunStatus, reason: String, failure: [UInt8], onlyWhenDue: Bool = false) {
    self.runID = runID
    self.status = status
    self.reason = reason
    self.failure = failure
    self.onlyWhenDue = onlyWhenDue
  }
}
