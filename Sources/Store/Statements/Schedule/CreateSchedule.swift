package import Engine
package import Postgres

/// Creates a schedule. No row: there is one of that id.
package struct CreateSchedule: PostgresStatement {
  package var uid: UUID
  package var namespace: String
  package var scheduleID: String
  package var spec: [UInt8]
  package var createdAt: PostgresTimestamp
  package var nextAt: PostgresTimestamp?
  package var fireAt: PostgresTimestamp?

  package init(
    uid: UUID, namespace: String, scheduleID: String, spec: [UInt8], createdAt: PostgresTimestamp,
    nextAt: PostgresTimestamp?, fireAt: PostgresTimestamp?
  ) {
    self.uid = uid
    self.namespace = namespace
    self.scheduleID = scheduleID
    self.spec = spec
    self.createdAt = createdAt
    self.nextAt = nextAt
    self.fireAt = fireAt
  }

  package static let name = "create_schedule"
  package static let sql = """
    INSERT INTO kagzi.schedules AS s (uid, namespace, schedule_id, spec, created_at, anchor_at, next_at, fire_at)
    VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
    ON CONFLICT (namespace, schedule_id) DO NOTHING
    RETURNING \(ScheduleRow.columns)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(uid)
    parameters.bind(namespace)
    parameters.bind(scheduleID)
    parameters.bind(spec)
    parameters.bind(createdAt)
    parameters.bind(nextAt)
    parameters.bind(fireAt)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    try ScheduleRow.decode(row)
  }
}
