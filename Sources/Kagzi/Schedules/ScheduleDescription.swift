public import FoundationEssentials
internal import Messages

/// A schedule as it stands.
public struct ScheduleDescription: Sendable, Hashable {
  /// Its id within the namespace.
  public var scheduleID: String
  /// The workflow that it starts.
  public var workflow: String
  /// Whether it is paused.
  public var isPaused: Bool
  /// Why it is paused, or any note.
  public var note: String
  /// When it fires next.
  public var nextAt: Date?
  /// When it fired last.
  public var lastAt: Date?
  /// Occurrences that wait for the open run to end.
  public var buffered: Int

  init(_ schedule: Schedule) {
    scheduleID = schedule.scheduleID
    workflow = schedule.spec?.start?.workflowType ?? ""
    isPaused = schedule.paused
    note = schedule.note
    nextAt = schedule.nextAt.map { Date($0) }
    lastAt = schedule.lastAt.map { Date($0) }
    buffered = Int(schedule.buffered)
  }
}

/// One occurrence of a schedule.
public struct ScheduleFiring: Sendable, Hashable {
  /// The occurrence's nominal time.
  public var scheduledAt: Date?
  /// The run it started. Nil: it was skipped.
  public var runID: String?
  /// Why it was skipped.
  public var skipReason: String

  init(_ firing: Messages.ScheduleFiring) {
    scheduledAt = firing.scheduledAt.map { Date($0) }
    runID = firing.runID.isEmpty ? nil : firing.runID
    skipReason = firing.skipReason
  }
}
