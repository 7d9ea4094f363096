internal import Messages

/// Where a run stands.
public enum WorkflowStatus: String, Sendable, Hashable, CaseIterable {
  /// Never claimed by a worker.
  case pending = "PENDING"
  /// A worker advances it, or it waits for a worker to go on.
  case running = "RUNNING"
  /// It waits for activities, groups, children or signals.
  case waiting = "WAITING"
  /// Only timers or retry delays are outstanding.
  case sleeping = "SLEEPING"
  /// Parked by an operator, or because it cannot go on.
  case paused = "PAUSED"
  /// Closed: the function returned.
  case completed = "COMPLETED"
  /// Closed: the function failed.
  case failed = "FAILED"
  /// Closed: it was cancelled, and the function ended.
  case cancelled = "CANCELLED"
  /// Closed at once by an operator.
  case terminated = "TERMINATED"
  /// Closed: the run timeout passed.
  case timedOut = "TIMED_OUT"
  /// Closed: it went on as a new run.
  case continued = "CONTINUED"
  /// A status that this version of the SDK does not know.
  case unknown = "UNKNOWN"

  /// Whether nothing more happens to the run.
  public var isClosed: Bool {
    switch self {
    case .completed, .failed, .cancelled, .terminated, .timedOut, .continued: true
    case .pending, .running, .waiting, .sleeping, .paused, .unknown: false
    }
  }

  init(_ status: RunStatus) {
    switch status {
    case .pending: self = .pending
    case .running: self = .running
    case .waiting: self = .waiting
    case .sleeping: self = .sleeping
    case .paused: self = .paused
    case .completed: self = .completed
    case .failed: self = .failed
    case .cancelled: self = .cancelled
    case .terminated: self = .terminated
    case .timedOut: self = .timedOut
    case .continued: self = .continued
    case .unspecified, .unrecognized: self = .unknown
    }
  }
}
