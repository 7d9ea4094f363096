package import Engine
package import Postgres

/// One schedule.
package struct LoadSchedule: PostgresStatement {
  package let namespace: String
  package let scheduleID: String

  package init(namespace: String, scheduleID: String) {
    self.namespace = namespace
    self.scheduleID = scheduleID
  }

  package static let name = "load_schedule"
  package static let sql = """
    SELECT \(ScheduleRow.columns) FROM kagzi.schedules s WHERE s.namespace = $1 AND s.schedule_id = $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(scheduleID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    try ScheduleRow.decode(row)
  }
}

/// A page of a namespace's schedules, by id.
package struct ListSchedules: PostgresStatement {
  package let namespace: String
  package let after: String
  package let limit: Int

  package init(namespace: String, after: String, limit: Int) {
    self.namespace = namespace
    self.after = after
    self.limit = limit
  }

  package static let name = "list_schedules"
  package static let sql = """
    SELECT \(ScheduleRow.columns) FROM kagzi.schedules s
     WHERE s.namespace = $1 AND s.schedule_id > $2
     ORDER BY s.schedule_id LIMIT $3
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(after)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    try ScheduleRow.decode(row)
  }
}

/// A page of a schedule's firings and skips, newest first.
package struct ListFirings: PostgresStatement {
  package let scheduleUID: UUID
  package let before: Int64
  package let limit: Int

  package init(scheduleUID: UUID, before: Int64, limit: Int) {
    self.scheduleUID = scheduleUID
    self.before = before
    self.limit = limit
  }

  package static let name = "list_firings"
  package static let sql = """
    SELECT \(FiringRow.columns) FROM kagzi.schedule_firings f
     WHERE f.schedule_uid = $1 AND f.number < $2
     ORDER BY f.number DESC LIMIT $3
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(scheduleUID)
    parameters.bind(before)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> FiringRow {
    try FiringRow.decode(row)
  }
}

/// What was decided about one occurrence.
package struct FindFiring: PostgresStatement {
  package let scheduleUID: UUID
  package let cause: FiringCause
  package let scheduledAt: PostgresTimestamp

  package init(scheduleUID: UUID, cause: FiringCause, scheduledAt: PostgresTimestamp) {
    self.scheduleUID = scheduleUID
    self.cause = cause
    self.scheduledAt = scheduledAt
  }

  package static let name = "find_firing"
  package static let sql = """
    SELECT \(FiringRow.columns) FROM kagzi.schedule_firings f
     WHERE f.schedule_uid = $1 AND f.cause = $2 AND f.scheduled_at = $3
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(scheduleUID)
    parameters.bind(cause.rawValue)
    parameters.bind(scheduledAt)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> FiringRow {
    try FiringRow.decode(row)
  }
}
