package import Engine

/// Decides about one occurrence of a schedule: its run is started, it waits, or it is skipped; recorded in the same
/// transaction as the start and as the schedule's next occurrence.
package struct DecideFiring: Sendable {
  package var scheduleUID: UUID
  /// The revision of the schedule that the decision rests on.
  package var revision: Int64
  package var cause: FiringCause
  /// In microseconds since 1970.
  package var scheduledAt: Int64
  package var firingID: UUID
  package var policy: OverlapPolicy
  /// How many firings may wait.
  package var room: Int32
  /// Skips it whatever else holds.
  package var skipReason: String?
  /// The occurrence after it, and when to decide about that one; for the calendar only.
  package var nextAt: Int64?
  package var fireAt: Int64?
  /// What to start; nil only with a reason to skip.
  package var start: StartRun?

  package init(
    scheduleUID: UUID, revision: Int64, cause: FiringCause, scheduledAt: Int64, firingID: UUID, policy: OverlapPolicy,
    room: Int32
  ) {
    self.scheduleUID = scheduleUID
    self.revision = revision
    self.cause = cause
    self.scheduledAt = scheduledAt
    self.firingID = firingID
    self.policy = policy
    self.room = room
  }
}

/// Starts the run of a firing that waits, once no run of the schedule is open.
package struct StartFiring: Sendable {
  package var scheduleUID: UUID
  package var revision: Int64
  /// The firing's number.
  package var number: Int64
  package var start: StartRun

  package init(scheduleUID: UUID, revision: Int64, number: Int64, start: StartRun) {
    self.scheduleUID = scheduleUID
    self.revision = revision
    self.number = number
    self.start = start
  }
}

/// What became of an occurrence.
package struct FiringDecision: Sendable, Equatable {
  package enum State: Int16, Sendable {
    /// It was decided before; nothing was recorded.
    case known = 0
    case started = 1
    case waiting = 2
    case skipped = 3
  }

  package var state: State
  /// The schedule's new revision.
  package var revision: Int64
  /// The run that is open and stands in the way.
  package var openRun: RunID?
}
