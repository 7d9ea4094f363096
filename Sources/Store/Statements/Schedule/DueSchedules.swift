package import Engine
package import Postgres

/// Schedules whose next occurrence is due by the database's clock, the longest overdue first.
package struct DueSchedules: PostgresStatement {
  package let limit: Int

  package init(limit: Int) { self.limit = limit }

  package static let name = "due_schedules"
  package static let sql = """
    SELECT \(ScheduleRow.columns) FROM kagzi.schedules s
     WHERE s.fire_at <= clock_timestamp() ORDER BY s.fire_at LIMIT $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(limit) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    try ScheduleRow.decode(row)
  }
}

/// How long until the next schedule is due, in milliseconds, rounded up; a negative number is late. Nil: none ever is.
package struct NextDueSchedule: PostgresStatement {
  package init() {}

  package static let name = "next_due_schedule"
  package static let sql = """
    SELECT ceil(extract(epoch FROM min(fire_at) - clock_timestamp()) * 1000)::bigint
      FROM kagzi.schedules WHERE fire_at IS NOT NULL
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64? {
    try row.optionalInt64(0)
  }
}

/// Schedules with a firing that waits, with the first one that may go on: those of the calendar wait while the schedule
/// is paused.
package struct WaitingSchedules: PostgresStatement {
  package let limit: Int

  package init(limit: Int) { self.limit = limit }

  package struct Row: Sendable {
    package var schedule: ScheduleRow
    package var firing: FiringRow
    /// The run that is waited for.
    package var openRun: RunID?
    package var isCancelRequested: Bool
  }

  package static let name = "waiting_schedules"
  package static let sql = """
    SELECT \(ScheduleRow.columns), \(FiringRow.columns), o.run_id, coalesce(o.cancel_requested, false)
      FROM kagzi.schedules s
      JOIN LATERAL (
        SELECT * FROM kagzi.schedule_firings f
         WHERE f.schedule_uid = s.uid AND f.state = 2 AND (NOT s.paused OR f.cause <> 1)
         ORDER BY f.number LIMIT 1) f ON true
      LEFT JOIN kagzi.open_runs o ON o.namespace = s.namespace AND o.workflow_id = s.last_workflow_id
     WHERE s.waiting > 0
     ORDER BY s.uid LIMIT $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(limit) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let firing = try FiringRow.decode(row, from: ScheduleRow.columnCount)
    let openRun = try row.optionalID(ScheduleRow.columnCount + 8)
    return Row(
      schedule: try ScheduleRow.decode(row), firing: firing, openRun: openRun,
      isCancelRequested: try row.bool(ScheduleRow.columnCount + 9))
  }
}

/// The database's clock.
package struct DatabaseClock: PostgresStatement {
  package init() {}

  package static let name = "database_clock"
  package static let sql = "SELECT clock_timestamp()"

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> PostgresTimestamp {
    try row.timestamp(0)
  }
}
