public import FoundationEssentials
internal import Messages

/// Why a run does not move.
public struct RunExplanation: Sendable, Hashable {
  /// The run as it is now.
  public var run: RunDescription
  /// Where the run stands.
  public var status: WorkflowStatus { run.status }
  /// What it waits for, most important first, one sentence each.
  public var reasons: [String]
  /// What would move it.
  public var remedies: [String]
  /// When it wakes by itself, if it does.
  public var nextWakeAt: Date?

  init(_ response: ExplainRunResponse) {
    run = RunDescription(response.run ?? Run())
    reasons = response.reasons
    remedies = response.remedies
    nextWakeAt = response.nextWakeAt.map { Date($0) }
  }
}
