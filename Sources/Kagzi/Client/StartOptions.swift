public import FoundationEssentials
internal import Messages

/// What to do when an open run has the workflow id already.
public enum ConflictPolicy: Sendable, Hashable {
  /// Throw `KagziError` with code `alreadyStarted`; but the same request id always gets its own run again.
  case fail
  /// Give the open run.
  case useExisting
  /// Terminate the open run, then start.
  case terminateExisting
}

/// What to do when only closed runs have the workflow id.
public enum ReusePolicy: Sendable, Hashable {
  /// Start.
  case allow
  /// Start unless the last one completed.
  case allowIfFailed
  /// Throw `KagziError` with code `alreadyStarted`.
  case reject
}

/// How a workflow is started. All of it is optional.
public struct StartOptions: Sendable {
  /// The caller's own key: at most one open run has it. Nil: the run id.
  public var workflowID: String?
  /// Where its tasks wait. Nil: `default`.
  public var taskQueue: String?
  /// Retries the whole run when it fails. Nil: no retry.
  public var retryPolicy: RetryPolicy?
  /// The run is closed as timed out this long after it was started. Nil: no limit.
  public var runTimeout: Duration?
  /// The run begins after this delay.
  public var startDelay: Duration?
  /// The run begins at this time; not together with `startDelay`.
  public var startAt: Date?
  /// Higher is claimed first, -100 to 100.
  public var priority: Int
  /// Labels, to find the run by.
  public var tags: [String: String]
  /// Makes the start idempotent: the same request id always gives the same run. Nil: a random one, which makes the
  /// retries of this one call idempotent.
  public var requestID: String?
  /// What to do when an open run has the workflow id.
  public var conflictPolicy: ConflictPolicy
  /// What to do when a closed run has the workflow id.
  public var reusePolicy: ReusePolicy
  /// Carried to every task of the run, such as trace context.
  public var headers: [String: String]

  public init(
    workflowID: String? = nil, taskQueue: String? = nil, retryPolicy: RetryPolicy? = nil,
    runTimeout: Duration? = nil, startDelay: Duration? = nil, startAt: Date? = nil, priority: Int = 0,
    tags: [String: String] = [:], requestID: String? = nil, conflictPolicy: ConflictPolicy = .fail,
    reusePolicy: ReusePolicy = .allow, headers: [String: String] = [:]
  ) {
    self.workflowID = workflowID
    self.taskQueue = taskQueue
    self.retryPolicy = retryPolicy
    self.runTimeout = runTimeout
    self.startDelay = startDelay
    self.startAt = startAt
    self.priority = priority
    self.tags = tags
    self.requestID = requestID
    self.conflictPolicy = conflictPolicy
    self.reusePolicy = reusePolicy
    self.headers = headers
  }
}

extension StartOptions {
  func request(namespace: String, type: String, version: Int?, input: Payload) -> StartWorkflowRequest {
    StartWorkflowRequest(
      namespace: namespace, workflowID: workflowID ?? "", workflowType: type,
      workflowVersion: version.map { UInt32(clamping: $0) }, taskQueue: taskQueue ?? "", input: input,
      retryPolicy: retryPolicy?.message, runTimeout: runTimeout.map { ProtoDuration($0) },
      startDelay: startDelay.map { ProtoDuration($0) }, startAt: startAt.map { Timestamp($0) },
      priority: Int32(clamping: priority), tags: tags, requestID: requestID ?? UUID().uuidString.lowercased(),
      conflictPolicy: conflictPolicy.message, reusePolicy: reusePolicy.message, headers: headers)
  }
}

extension ConflictPolicy {
  fileprivate var message: Messages.ConflictPolicy {
    switch self {
    case .fail: .unspecified
    case .useExisting: .useExisting
    case .terminateExisting: .terminateExisting
    }
  }
}

extension ReusePolicy {
  fileprivate var message: Messages.ReusePolicy {
    switch self {
    case .allow: .allow
    case .allowIfFailed: .allowIfFailed
    case .reject: .reject
    }
  }
}
