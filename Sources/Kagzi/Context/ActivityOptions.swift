internal import Messages

/// How an activity is asked for.
public struct ActivityOptions: Sendable, Hashable {
  /// The step's name. Nil: the activity's name. Concurrent uses of one activity need names of their own.
  public var id: String?
  /// The version. Nil: the type's default, else 1.
  public var version: Int?
  /// Where it waits. Nil: the run's queue.
  public var taskQueue: String?
  /// Nil: `RetryPolicy.exponential()`.
  public var retryPolicy: RetryPolicy?
  /// Higher is claimed first, -100 to 100. Nil: the run's.
  public var priority: Int?
  /// Fails with `timeout` when no worker took it for this long. Nil: no limit.
  public var scheduleToStartTimeout: Duration?
  /// Fails an attempt with `timeout` after this long. Nil: 10 min.
  public var startToCloseTimeout: Duration?
  /// Fails the step with `timeout` after this long, retries included. Nil: no limit.
  public var scheduleToCloseTimeout: Duration?
  /// Fails an attempt with `timeout` when it sent no heartbeat for this long. Nil: no heartbeat is needed.
  public var heartbeatTimeout: Duration?

  public init(
    id: String? = nil, version: Int? = nil, taskQueue: String? = nil, retryPolicy: RetryPolicy? = nil,
    priority: Int? = nil, scheduleToStartTimeout: Duration? = nil, startToCloseTimeout: Duration? = nil,
    scheduleToCloseTimeout: Duration? = nil, heartbeatTimeout: Duration? = nil
  ) {
    self.id = id
    self.version = version
    self.taskQueue = taskQueue
    self.retryPolicy = retryPolicy
    self.priority = priority
    self.scheduleToStartTimeout = scheduleToStartTimeout
    self.startToCloseTimeout = startToCloseTimeout
    self.scheduleToCloseTimeout = scheduleToCloseTimeout
    self.heartbeatTimeout = heartbeatTimeout
  }

  func command(key: String, type: String, input: Payload, group: String = "") -> Command.CommandKind {
    .scheduleActivity(
      ScheduleActivity(
        key: key, activityType: type, activityVersion: version.map { UInt32(clamping: $0) },
        taskQueue: taskQueue ?? "", input: input, retryPolicy: retryPolicy?.message,
        scheduleToStartTimeout: scheduleToStartTimeout.map { ProtoDuration($0) },
        startToCloseTimeout: startToCloseTimeout.map { ProtoDuration($0) },
        scheduleToCloseTimeout: scheduleToCloseTimeout.map { ProtoDuration($0) },
        heartbeatTimeout: heartbeatTimeout.map { ProtoDuration($0) },
        priority: priority.map { Int32(clamping: $0) }, group: group))
  }
}
