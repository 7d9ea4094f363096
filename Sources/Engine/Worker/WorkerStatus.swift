/// Where a worker stands. Raw values are those of the contract and of the database.
package enum WorkerStatus: Int16, Sendable, CaseIterable {
  /// Its session is open and takes tasks.
  case running = 1
  /// It drains: no new tasks, the last ones finish.
  case shuttingDown = 2
  /// It left in good order.
  case stopped = 3
  /// Its lease lapsed.
  case crashed = 4

  /// The name operators see, such as `SHUTTING_DOWN`.
  package var name: String {
    switch self {
    case .running: "RUNNING"
    case .shuttingDown: "SHUTTING_DOWN"
    case .stopped: "STOPPED"
    case .crashed: "CRASHED"
    }
  }

  /// Whether its session is open.
  package var isLive: Bool { self == .running || self == .shuttingDown }
}
