/// Why a run that was waited for has no output.
public enum WorkflowError: Error, Sendable, Hashable {
  /// The function failed.
  case failed(runID: String, StepError)
  /// It was cancelled, and the function ended.
  case cancelled(runID: String, reason: String)
  /// An operator closed it.
  case terminated(runID: String, reason: String)
  /// Its run timeout passed.
  case timedOut(runID: String)
  /// It went on as a new run with the same workflow id; wait for that one.
  case continued(runID: String)

  /// The run.
  public var runID: String {
    switch self {
    case .failed(let runID, _), .cancelled(let runID, _), .terminated(let runID, _), .timedOut(let runID),
      .continued(let runID):
      runID
    }
  }

  var stepError: StepError {
    switch self {
    case .failed(_, let error): error
    case .cancelled: StepError(.cancelled, description)
    case .timedOut: StepError(.timeout, description, retryable: false)
    case .terminated, .continued: StepError(.unknown, description)
    }
  }
}

extension WorkflowError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .failed(let runID, let error): "Run \(runID) failed: \(error)"
    case .cancelled(let runID, let reason): "Run \(runID) was cancelled\(reason.isEmpty ? "" : ": " + reason)"
    case .terminated(let runID, let reason): "Run \(runID) was terminated\(reason.isEmpty ? "" : ": " + reason)"
    case .timedOut(let runID): "Run \(runID) ran out of time"
    case .continued(let runID): "Run \(runID) went on as a new run"
    }
  }
}
