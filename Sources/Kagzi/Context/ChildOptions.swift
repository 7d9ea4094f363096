internal import Messages

/// What happens to a child workflow when its parent closes first.
public enum ParentClosePolicy: Sendable, Hashable {
  /// The child is asked to cancel.
  case cancel
  /// The child is closed at once.
  case terminate
  /// The child goes on.
  case abandon
}

/// How a child workflow is started. All of it is optional.
public struct ChildOptions: Sendable, Hashable {
  /// The step's name. Nil: the workflow's name. Concurrent children of one workflow need names of their own.
  public var id: String?
  /// The version. Nil: as for any start, the rollout decides, else the default.
  public var version: Int?
  /// The child's workflow id. Nil: made from the parent's run id and the step's key.
  public var workflowID: String?
  /// Where its tasks wait. Nil: the parent's queue.
  public var taskQueue: String?
  /// What happens to it when the parent closes first.
  public var parentClosePolicy: ParentClosePolicy
  /// The child is closed as timed out this long after its start. Nil: no limit.
  public var runTimeout: Duration?
  /// Retries the whole child when it fails. Nil: no retry.
  public var retryPolicy: RetryPolicy?
  /// Labels, to find the child by.
  public var tags: [String: String]

  public init(
    id: String? = nil, version: Int? = nil, workflowID: String? = nil, taskQueue: String? = nil,
    parentClosePolicy: ParentClosePolicy = .cancel, runTimeout: Duration? = nil, retryPolicy: RetryPolicy? = nil,
    tags: [String: String] = [:]
  ) {
    self.id = id
    self.version = version
    self.workflowID = workflowID
    self.taskQueue = taskQueue
    self.parentClosePolicy = parentClosePolicy
    self.runTimeout = runTimeout
    self.retryPolicy = retryPolicy
    self.tags = tags
  }

  func command(key: String, type: String, input: Payload, group: String = "") -> Command.CommandKind {
    .startChild(
      StartChild(
        key: key, workflowType: type, workflowVersion: version.map { UInt32(clamping: $0) },
        workflowID: workflowID ?? "", taskQueue: taskQueue ?? "", input: input,
        parentClosePolicy: parentClosePolicy.message, runTimeout: runTimeout.map { ProtoDuration($0) },
        retryPolicy: retryPolicy?.message, tags: tags, group: group))
  }
}

extension ParentClosePolicy {
  fileprivate var message: Messages.ParentClosePolicy {
    switch self {
    case .cancel: .cancel
    case .terminate: .terminate
    case .abandon: .abandon
    }
  }
}
