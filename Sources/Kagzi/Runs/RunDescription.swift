public import FoundationEssentials
internal import Messages

/// A run as it stands. Lists and changes carry no payloads: there `input` and `output` are nil.
public struct RunDescription: Sendable, Hashable {
  /// The run's id.
  public var runID: String
  /// The caller's own key.
  public var workflowID: String
  /// Its namespace.
  public var namespace: String
  /// The workflow type.
  public var workflowName: String
  /// The version it is pinned to.
  public var workflowVersion: Int
  /// Where its tasks wait.
  public var taskQueue: String
  /// Where it stands.
  public var status: WorkflowStatus
  /// Why it stands there, where there is more to say.
  public var statusReason: String
  /// What it was started with.
  public var input: RawPayload?
  /// What it returned, if it completed.
  public var output: RawPayload?
  /// Why it failed, was cancelled, terminated or timed out.
  public var error: StepError?
  /// Higher is claimed first.
  public var priority: Int
  /// Its labels.
  public var tags: [String: String]
  /// When it was started.
  public var createdAt: Date?
  /// When a worker first took it.
  public var startedAt: Date?
  /// When it closed.
  public var closedAt: Date?
  /// When its next timer or retry is due.
  public var nextWakeAt: Date?
  /// Whether it was asked to cancel.
  public var isCancellationRequested: Bool
  /// The attempt of the run under its own retry policy, from 1.
  public var attempt: Int
  /// Number of its last recorded change.
  public var sequence: Int
  /// The run that started it as a child.
  public var parentRunID: String?
  /// The step of that run that it is.
  public var parentStep: String?
  /// The run that continued this one, or that this one continues or was forked from.
  public var relatedRunID: String?

  init(_ run: Run) {
    runID = run.runID
    workflowID = run.workflowID
    namespace = run.namespace
    workflowName = run.workflowType
    workflowVersion = Int(run.workflowVersion)
    taskQueue = run.taskQueue
    status = WorkflowStatus(run.status)
    statusReason = run.statusReason
    input = run.input.map { RawPayload($0) }
    output = run.output.map { RawPayload($0) }
    error = run.failure.map { StepError($0) }
    priority = Int(run.priority)
    tags = run.tags
    createdAt = run.createdAt.map { Date($0) }
    startedAt = run.startedAt.map { Date($0) }
    closedAt = run.closedAt.map { Date($0) }
    nextWakeAt = run.nextWakeAt.map { Date($0) }
    isCancellationRequested = run.cancelRequested
    attempt = Int(run.attempt)
    sequence = Int(clamping: run.sequence)
    parentRunID = run.parentRunID.isEmpty ? nil : run.parentRunID
    parentStep = run.parentStep.isEmpty ? nil : run.parentStep
    relatedRunID = run.relatedRunID.isEmpty ? nil : run.relatedRunID
  }
}
