/// What happened to a worker and is kept as a row. Raw values are the database's.
package enum WorkerEventKind: Int16, Sendable, CaseIterable {
  case started = 1
  case shutdownRequested = 2
  case shutdownComplete = 3
  case crashed = 4

  /// The contract's name.
  package var name: String {
    switch self {
    case .started: "STARTED"
    case .shutdownRequested: "SHUTDOWN_REQUESTED"
    case .shutdownComplete: "SHUTDOWN_COMPLETE"
    case .crashed: "CRASHED"
    }
  }
}
