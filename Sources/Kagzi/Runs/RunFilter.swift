public import FoundationEssentials
internal import Messages

/// Which runs a list, a count, a batch or a move is about. Everything given must match; nothing given matches every run of
/// the namespace.
public struct RunFilter: Sendable, Hashable {
  /// Any of these statuses. Empty: any at all.
  public var statuses: [WorkflowStatus]
  /// This workflow type.
  public var workflow: String?
  /// This version of the type.
  public var version: Int?
  /// This workflow id.
  public var workflowID: String?
  /// Workflow ids that begin so.
  public var workflowIDPrefix: String?
  /// This task queue.
  public var taskQueue: String?
  /// All of these tags with these values.
  public var tags: [String: String]
  /// Created at this time or after.
  public var createdAfter: Date?
  /// Created before this time.
  public var createdBefore: Date?
  /// Children of this run.
  public var parentRunID: String?

  public init(
    statuses: [WorkflowStatus] = [], workflow: String? = nil, version: Int? = nil, workflowID: String? = nil,
    workflowIDPrefix: String? = nil, taskQueue: String? = nil, tags: [String: String] = [:],
    createdAfter: Date? = nil, createdBefore: Date? = nil, parentRunID: String? = nil
  ) {
    self.statuses = statuses
    self.workflow = workflow
    self.version = version
    self.workflowID = workflowID
    self.workflowIDPrefix = workflowIDPrefix
    self.taskQueue = taskQueue
    self.tags = tags
    self.createdAfter = createdAfter
    self.createdBefore = createdBefore
    self.parentRunID = parentRunID
  }

  var message: Messages.RunFilter {
    Messages.RunFilter(
      statuses: statuses.map(\.message), workflowType: workflow ?? "",
      workflowVersion: version.map { UInt32(clamping: $0) }, workflowID: workflowID ?? "",
      workflowIDPrefix: workflowIDPrefix ?? "", taskQueue: taskQueue ?? "", tags: tags,
      createdAfter: createdAfter.map { Timestamp($0) }, createdBefore: createdBefore.map { Timestamp($0) },
      parentRunID: parentRunID ?? "")
  }
}
