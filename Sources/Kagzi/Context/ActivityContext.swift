internal import Messages

/// What an activity function uses to say how far it is and to learn that it should stop.
///
/// When the activity is cancelled its Swift task is cancelled; clean up and throw, or finish and return.
public struct ActivityContext: Sendable {
  let execution: ActivityExecution

  /// The activity's name.
  public var activityName: String { execution.activity.activityType }

  /// The version that was asked for.
  public var activityVersion: Int { Int(execution.activity.activityVersion) }

  /// The key of the step in its run.
  public var step: String { execution.activity.step }

  /// The attempt, from 1.
  public var attempt: Int { Int(execution.task.attempt) }

  /// The run that asked for it.
  public var workflowRunID: String { execution.task.runID }

  /// The run's workflow id.
  public var workflowID: String { execution.task.workflowID }

  /// The run's workflow type.
  public var workflowName: String { execution.task.workflowType }

  /// The run's namespace.
  public var namespace: String { execution.task.namespace }

  /// The run's headers.
  public var headers: [String: String] { execution.task.headers }

  /// How often a heartbeat is needed at least. Nil: none is needed.
  public var heartbeatTimeout: Duration? { execution.activity.heartbeatTimeout.map { Duration($0) } }

  /// Whether the activity was asked to stop, or its task was taken away.
  public var isCancelled: Bool { execution.isCancelled || Task.isCancelled }

  /// Says that the activity is alive and how far it is. What it reached is kept for operators and handed to the next
  /// attempt. Cheap: at most a few a second are sent, always the newest.
  public func heartbeat(_ progress: some Encodable & Sendable) throws {
    execution.progressed(try PayloadCoding.encode(progress))
  }

  /// Says that the activity is alive.
  public func heartbeat() {
    execution.progressed(nil)
  }

  /// What an earlier attempt of this activity, in whatever language, said last. Nil: nothing.
  public func previousProgress<Progress: Decodable>(as type: Progress.Type = Progress.self) throws -> Progress? {
    guard let progress = execution.activity.progress else { return nil }
    return try PayloadCoding.decode(type, from: progress)
  }

  /// Hands the task away: what the function returns afterwards is ignored, and anyone who holds the token completes
  /// the activity with `Kagzi.completeActivity` or `Kagzi.failActivity`, within its timeouts.
  public func completeLater() -> ActivityToken {
    execution.completeLater()
    return ActivityToken(bytes: execution.task.token)
  }
}
