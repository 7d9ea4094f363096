/// The life of a run. Raw values are those of the contract and of the database.
package enum RunStatus: Int16, Sendable, CaseIterable {
  case pending = 1
  case running = 2
  case waiting = 3
  case sleeping = 4
  case paused = 5
  case completed = 6
  case failed = 7
  case cancelled = 8
  case terminated = 9
  case timedOut = 10
  case continued = 11

  /// Whether the run has ended.
  package var isClosed: Bool { rawValue >= RunStatus.completed.rawValue }

  /// The name operators see, such as `TIMED_OUT`.
  package var name: String {
    switch self {
    case .pending: "PENDING"
    case .running: "RUNNING"
    case .waiting: "WAITING"
    case .sleeping: "SLEEPING"
    case .paused: "PAUSED"
    case .completed: "COMPLETED"
    case .failed: "FAILED"
    case .cancelled: "CANCELLED"
    case .terminated: "TERMINATED"
    case .timedOut: "TIMED_OUT"
    case .continued: "CONTINUED"
    }
  }
}
