package import Engine
package import Postgres

/// Gives a schedule another definition, pauses it or lets it go on. No row: it has changed since it was read.
package struct ChangeSchedule: PostgresStatement {
  /// Occurrences that are passed over with the change, recorded as one skip.
  package struct Skip: Sendable {
    package var firingID: UUID
    package var first: PostgresTimestamp
    package var reason: String

    package init(firingID: UUID, first: PostgresTimestamp, reason: String) {
      self.firingID = firingID
      self.first = first
      self.reason = reason
    }
  }

  /// As it is to be; its revision is the one that must still hold.
  package var schedule: ScheduleRow
  package var skip: Skip?

  package init(schedule: ScheduleRow, skip: Skip? = nil) {
    self.schedule = schedule
    self.skip = skip
  }

  package static let name = "change_schedule"
  package static let sql = """
    WITH changed AS (
      UPDATE kagzi.schedules s SET
        spec = $3, paused = $4, note = $5, anchor_at = $6, next_at = $7, fire_at = $8, revision = s.revision + 1,
        decisions = s.decisions + CASE WHEN $9::timestamptz IS NULL THEN 0 ELSE 1 END
       WHERE s.uid = $1 AND s.revision = $2
      RETURNING s.*
    ),
    skipped AS (
      INSERT INTO kagzi.schedule_firings (
        schedule_uid, number, cause, scheduled_at, decided_at, state, firing_id, skip_reason)
      SELECT c.uid, c.decisions, 1, $9, clock_timestamp(), 3, $10, $11 FROM changed c WHERE $9 IS NOT NULL
      ON CONFLICT (schedule_uid, cause, scheduled_at) DO NOTHING
    )
    SELECT \(ScheduleRow.columns) FROM changed s
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(schedule.uid)
    parameters.bind(schedule.revision)
    parameters.bind(schedule.spec)
    parameters.bind(schedule.isPaused)
    parameters.bind(schedule.note)
    parameters.bind(schedule.anchorAt)
    parameters.bind(schedule.nextAt)
    parameters.bind(schedule.fireAt)
    parameters.bind(skip?.first)
    parameters.bind(skip?.firingID)
    parameters.bind(skip?.reason)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    try ScheduleRow.decode(row)
  }
}

/// Deletes a schedule with all that was recorded about its firings; runs it started stay. No row: there is none.
package struct DeleteSchedule: PostgresStatement {
  package let namespace: String
  package let scheduleID: String

  package init(namespace: String, scheduleID: String) {
    self.namespace = namespace
    self.scheduleID = scheduleID
  }

  package static let name = "delete_schedule"
  package static let sql = "DELETE FROM kagzi.schedules WHERE namespace = $1 AND schedule_id = $2 RETURNING uid"

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(scheduleID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> UUID { try row.id(0) }
}
