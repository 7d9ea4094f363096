/// Why a worker did not start or had to end.
public enum WorkerError: Error, Sendable, Hashable {
  /// `start` or `run` was called before. A worker starts once; create another one.
  case alreadyStarted
  /// No workflow and no activity is registered, so there is nothing to do.
  case nothingRegistered
  /// The coordinator refused the worker's registration.
  case refused(KagziError)
}

extension WorkerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .alreadyStarted: "The worker was started before. Create another one."
    case .nothingRegistered: "Register a workflow or an activity before the worker starts."
    case .refused(let error): "The coordinator refused the worker: \(error.message)"
    }
  }
}
