public import FoundationEssentials
internal import Messages

/// What is recorded of one step of a run.
public struct StepDescription: Sendable, Hashable {
  /// What a step is.
  public enum Kind: String, Sendable, Hashable {
    case local, activity, sleep, child, signal, unknown
  }

  /// Where a step stands.
  public enum State: String, Sendable, Hashable {
    /// An activity that waits for a worker.
    case ready
    /// A worker runs it.
    case running
    /// A timer or signal that has not come yet.
    case waiting
    /// It failed, and waits for its next attempt.
    case retrying
    case completed, failed, cancelled, unknown
  }

  /// Its key: the name, or `name#2` for the second use.
  public var key: String
  /// What it is.
  public var kind: Kind
  /// Where it stands.
  public var state: State
  /// The current or last attempt, from 1.
  public var attempt: Int
  /// For an activity: its name.
  public var activityName: String?
  /// For an activity: its version.
  public var activityVersion: Int?
  /// For an activity: the queue it waits in.
  public var taskQueue: String?
  /// For an activity: its input, if payloads were asked for.
  public var input: RawPayload?
  /// What a completed step gave, if payloads were asked for.
  public var output: RawPayload?
  /// What an activity said last by its heartbeat, if payloads were asked for.
  public var progress: RawPayload?
  /// Its failure, if the last attempt failed.
  public var error: StepError?
  /// The parallel group it belongs to.
  public var group: String?
  /// For a child: its run.
  public var childRunID: String?
  /// For a signal: its name.
  public var signalName: String?
  /// When a timer fires or the next attempt may begin.
  public var dueAt: Date?
  /// When it was recorded first.
  public var scheduledAt: Date?
  /// When its current attempt was handed out.
  public var startedAt: Date?
  /// When it settled.
  public var settledAt: Date?

  init(_ step: Step) {
    key = step.key
    kind =
      switch step.kind {
      case .local: .local
      case .activity: .activity
      case .sleep: .sleep
      case .child: .child
      case .signal: .signal
      case .unspecified, .unrecognized: .unknown
      }
    state =
      switch step.state {
      case .ready: .ready
      case .running: .running
      case .waiting: .waiting
      case .retrying: .retrying
      case .completed: .completed
      case .failed: .failed
      case .cancelled: .cancelled
      case .unspecified, .unrecognized: .unknown
      }
    attempt = Int(step.attempt)
    activityName = step.activityType.isEmpty ? nil : step.activityType
    activityVersion = step.activityType.isEmpty ? nil : Int(step.activityVersion)
    taskQueue = step.taskQueue.isEmpty ? nil : step.taskQueue
    input = step.input.map { RawPayload($0) }
    output = step.output.map { RawPayload($0) }
    progress = step.progress.map { RawPayload($0) }
    error = step.failure.map { StepError($0) }
    group = step.group.isEmpty ? nil : step.group
    childRunID = step.childRunID.isEmpty ? nil : step.childRunID
    signalName = step.signalName.isEmpty ? nil : step.signalName
    dueAt = step.dueAt.map { Date($0) }
    scheduledAt = step.scheduledAt.map { Date($0) }
    startedAt = step.startedAt.map { Date($0) }
    settledAt = step.settledAt.map { Date($0) }
  }
}

/// One execution of a step.
public struct AttemptDescription: Sendable, Hashable {
  /// The step's key.
  public var step: String
  /// The attempt's number, from 1.
  public var attempt: Int
  /// The worker that ran it.
  public var workerID: String
  /// When it began.
  public var startedAt: Date?
  /// When it ended.
  public var endedAt: Date?
  /// Why it failed. Nil: it succeeded.
  public var error: StepError?
  /// The delay that was decided before the next attempt. Nil: none followed.
  public var retryDelay: Duration?

  init(_ attempt: StepAttempt) {
    step = attempt.step
    self.attempt = Int(attempt.attempt)
    workerID = attempt.workerID
    startedAt = attempt.startedAt.map { Date($0) }
    endedAt = attempt.endedAt.map { Date($0) }
    error = attempt.failure.map { StepError($0) }
    retryDelay = attempt.retryDelay.map { Duration($0) }
  }
}
