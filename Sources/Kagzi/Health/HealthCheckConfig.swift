internal import Messages

/// When a worker is no longer well.
public struct HealthCheckConfig: Sendable, Hashable {
  /// Unhealthy when its last heartbeat is older, in seconds.
  public var heartbeatTimeoutSecs: Int
  /// Degraded when its last heartbeat is older, in seconds.
  public var heartbeatWarningSecs: Int
  /// A queue is degraded when a task in it waits longer, in seconds.
  public var taskOverdueSecs: Int

  public init(heartbeatTimeoutSecs: Int = 120, heartbeatWarningSecs: Int = 60, taskOverdueSecs: Int = 60) {
    self.heartbeatTimeoutSecs = heartbeatTimeoutSecs
    self.heartbeatWarningSecs = heartbeatWarningSecs
    self.taskOverdueSecs = taskOverdueSecs
  }

  func request(namespace: String, workerID: String = "") -> CheckHealthRequest {
    CheckHealthRequest(
      namespace: namespace, heartbeatTimeout: ProtoDuration(seconds: Int64(heartbeatTimeoutSecs), nanos: 0),
      heartbeatWarning: ProtoDuration(seconds: Int64(heartbeatWarningSecs), nanos: 0), workerID: workerID,
      taskOverdue: ProtoDuration(seconds: Int64(taskOverdueSecs), nanos: 0))
  }
}
