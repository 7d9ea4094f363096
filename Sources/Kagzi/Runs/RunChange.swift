public import FoundationEssentials
internal import Messages

/// One change of a run, as `WorkflowHandle.watch` gives them.
public struct RunChange: Sendable, Hashable {
  /// What changed.
  public enum Kind: Sendable, Hashable {
    /// The run was started or changed status; the run as it is now.
    case run(RunDescription)
    /// A step was scheduled.
    case stepScheduled(StepDescription)
    /// An attempt of a step ended without settling it.
    case attemptFailed(AttemptDescription)
    /// A step settled.
    case stepSettled(StepDescription)
    /// A change that this version of the SDK does not know.
    case unknown
  }

  /// Its number; `watch(afterSequence:)` goes on after it.
  public var sequence: Int
  /// When it was recorded.
  public var at: Date?
  /// What changed.
  public var kind: Kind

  init(_ response: WatchRunResponse) {
    sequence = Int(clamping: response.sequence)
    at = response.at.map { Date($0) }
    kind =
      switch response.change {
      case .run(let run): .run(RunDescription(run))
      case .stepScheduled(let step): .stepScheduled(StepDescription(step))
      case .attemptFailed(let attempt): .attemptFailed(AttemptDescription(attempt))
      case .stepSettled(let step): .stepSettled(StepDescription(step))
      case nil: .unknown
      }
  }

  /// What tells changes of one sequence number apart.
  var subject: String {
    switch kind {
    case .run: "run"
    case .stepScheduled(let step): "scheduled \(step.key)"
    case .attemptFailed(let attempt): "attempt \(attempt.step)"
    case .stepSettled(let step): "settled \(step.key)"
    case .unknown: "unknown"
    }
  }
}
