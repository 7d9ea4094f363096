package import Engine
package import Postgres

/// What makes a run a child: the step of its parent that waits for it.
package struct ParentStep: Sendable {
  package var runID: RunID
  package var stepKey: String
  package var closePolicy: ParentClosePolicy

  package init(runID: RunID, stepKey: String, closePolicy: ParentClosePolicy) {
    self.runID = runID
    self.stepKey = stepKey
    self.closePolicy = closePolicy
  }
}

/// A child that a report asks for, beside the step that will wait for it. It is started in the transaction that records that
/// step, and only if that step was recorded.
package struct NewChild: Sendable {
  package var childRunID: RunID
  package var stepKey: String
  /// Nil: it cannot be started.
  package var start: StartRun?
  /// Whether the workflow id was made for it: if an open run has it, such as the child of an earlier attempt that is still
  /// cleaning up, the child's run id takes its place.
  package var hasMadeWorkflowID = false
  /// Why it was not started, if it was not.
  package var failure: [UInt8]

  package init(childRunID: RunID, stepKey: String, start: StartRun?, failure: [UInt8]) {
    self.childRunID = childRunID
    self.stepKey = stepKey
    self.start = start
    self.failure = failure
  }

  /// The start under its own run id as its workflow id.
  internal var renamedStart: StartRun? {
    guard hasMadeWorkflowID, var start else { return nil }
    start.workflowID = childRunID.description
    return start
  }

  internal var byteCount: Int { 256 + failure.count + (start.map { 256 + ($0.input?.count ?? 0) } ?? 0) }
}

/// What became of the children of one report.
package struct RecordedChildren: Sendable {
  /// When each was created, by the database's clock.
  package var started: [RunID: PostgresTimestamp] = [:]
  /// Those among them whose workflow id is their run id, because the one made for them was taken.
  package var renamed: Set<RunID> = []
  /// Children that could not be started, such as because an open run has their workflow id: their steps are to be settled.
  package var unstarted: Set<RunID> = []

  package init() {}
}

/// A child run that closed or could not be started, and the open parent whose step is to be settled.
package struct EndedChild: Sendable {
  package var runID: RunID
  package var workflowID: String
  /// Nil: it was never started.
  package var status: RunStatus?
  /// The first run of its chain of continuations: the one that the parent's step names.
  package var firstRunID: RunID
  package var parent: RunReference
  package var parentStep: String
  package var output: [UInt8]?
  package var failure: [UInt8]?

  package init(
    runID: RunID, workflowID: String, status: RunStatus?, firstRunID: RunID, parent: RunReference, parentStep: String
  ) {
    self.runID = runID
    self.workflowID = workflowID
    self.status = status
    self.firstRunID = firstRunID
    self.parent = parent
    self.parentStep = parentStep
  }
}

/// A child whose step was cancelled, or whose parent closed, so that it is to be stopped.
package struct StrandedChild: Sendable {
  /// As the parent's step names it.
  package var childRunID: RunID
  package var parentRunID: RunID
  package var parentStep: String

  package init(childRunID: RunID, parentRunID: RunID, parentStep: String) {
    self.childRunID = childRunID
    self.parentRunID = parentRunID
    self.parentStep = parentStep
  }
}

/// Names one thing that a run owes another.
package struct ChildNotice: Sendable, Hashable {
  package enum Kind: Int16, Sendable {
    /// The parent's step is to be settled.
    case ended = 1
    /// The child is to be stopped.
    case stranded = 2
  }

  package var runID: RunID
  package var kind: Kind

  package init(runID: RunID, kind: Kind) {
    self.runID = runID
    self.kind = kind
  }
}

/// Closes a run as CONTINUED and opens the one that goes on with its workflow id, in one transaction.
package struct ContinueRun: Sendable {
  /// The report that closes the run; its status is CONTINUED.
  package var close: CloseRun
  package var nextRunID: RunID
  package var input: [UInt8]?
  /// Nil: the same.
  package var workflowVersion: Int32?
  package var reservedSession: SessionID?

  package init(close: CloseRun, nextRunID: RunID) {
    self.close = close
    self.nextRunID = nextRunID
  }
}

/// What continuing a run led to.
package struct Continued: Sendable {
  package var closed: Closed
  /// When the new run was created, by the database's clock.
  package var createdAt: PostgresTimestamp
  package var timeoutMilliseconds: Int64?
  /// Whether the new run is to cancel, as the old one was.
  package var isCancelRequested: Bool
  /// Whether the new run is paused, as the old one was: it was not handed out.
  package var isPaused: Bool
}
