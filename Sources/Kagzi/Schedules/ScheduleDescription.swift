public import FoundationEssentials
internal import Messages

/// A schedule as it stands.
public struct ScheduleDescription: Sendable, Hashable {
  /// Its id within the namespace.
  public var scheduleID: String
  /// Its namespace.
  public var namespace: String
  /// When it fires.
  public var timing: ScheduleSpec.Timing
  /// The time zone of cron.
  public var timeZone: String
  /// Each firing is delayed at random by up to this.
  public var jitter: Duration?
  /// What happens on overlap.
  public var overlapPolicy: OverlapPolicy
  /// Missed occurrences older than this are skipped. Nil: 1 min.
  public var catchUpWindow: Duration?
  /// At most this many missed occurrences are made up for. Nil: 100.
  public var catchUpLimit: Int?
  /// The workflow that it starts.
  public var workflow: String
  /// What the workflow ids of its runs begin with. Nil: the schedule's id.
  public var workflowID: String?
  /// Where the tasks of its runs wait.
  public var taskQueue: String
  /// What its runs are started with.
  public var input: RawPayload?
  /// Whether it is paused.
  public var isPaused: Bool
  /// Why it is paused, or any note.
  public var note: String
  /// When it fires next.
  public var nextAt: Date?
  /// When it fired last.
  public var lastAt: Date?
  /// When it was created.
  public var createdAt: Date?
  /// Occurrences that wait for the open run to end.
  public var buffered: Int

  init(_ schedule: Schedule) {
    let spec = schedule.spec ?? Messages.ScheduleSpec()
    let start = spec.start ?? StartWorkflowRequest()
    scheduleID = schedule.scheduleID
    namespace = schedule.namespace
    timing =
      switch spec.timing {
      case .cron(let fields): .cron(fields)
      case .interval(let interval): .every(Duration(interval))
      case nil: .cron("")
      }
    timeZone = spec.timeZone.isEmpty ? "UTC" : spec.timeZone
    jitter = spec.jitter.map { Duration($0) }
    overlapPolicy = OverlapPolicy(spec.overlapPolicy)
    catchUpWindow = spec.catchUpWindow.map { Duration($0) }
    catchUpLimit = spec.catchUpLimit == 0 ? nil : Int(spec.catchUpLimit)
    workflow = start.workflowType
    workflowID = start.workflowID.isEmpty ? nil : start.workflowID
    taskQueue = start.taskQueue.isEmpty ? "default" : start.taskQueue
    input = start.input.map { RawPayload($0) }
    isPaused = schedule.paused
    note = schedule.note
    nextAt = schedule.nextAt.map { Date($0) }
    lastAt = schedule.lastAt.map { Date($0) }
    createdAt = schedule.createdAt.map { Date($0) }
    buffered = Int(schedule.buffered)
  }
}

/// One occurrence of a schedule.
public struct ScheduleFiring: Sendable, Hashable {
  /// What made a firing.
  public enum Cause: String, Sendable, Hashable {
    case calendar, trigger, backfill, unknown
  }

  /// The occurrence's nominal time.
  public var scheduledAt: Date?
  /// When it was fired or skipped.
  public var decidedAt: Date?
  /// The run it started. Nil: it was skipped.
  public var runID: String?
  /// Why it was skipped.
  public var skipReason: String
  /// What made it.
  public var cause: Cause

  init(_ firing: Messages.ScheduleFiring) {
    scheduledAt = firing.scheduledAt.map { Date($0) }
    decidedAt = firing.decidedAt.map { Date($0) }
    cause =
      switch firing.cause {
      case .calendar, .unspecified: .calendar
      case .trigger: .trigger
      case .backfill: .backfill
      case .unrecognized: .unknown
      }
    runID = firing.runID.isEmpty ? nil : firing.runID
    skipReason = firing.skipReason
  }
}
