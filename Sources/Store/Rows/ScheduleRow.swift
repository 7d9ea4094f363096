package import Engine
package import Postgres

/// A schedule as it is recorded.
package struct ScheduleRow: Sendable {
  package var uid: UUID
  package var namespace: String
  package var scheduleID: String
  package var spec: [UInt8]
  package var revision: Int64
  package var isPaused: Bool
  package var note: String
  package var createdAt: PostgresTimestamp
  package var anchorAt: PostgresTimestamp
  package var nextAt: PostgresTimestamp?
  package var fireAt: PostgresTimestamp?
  package var lastAt: PostgresTimestamp?
  package var waiting: Int32
  /// The database's clock when the row was read.
  package var now: PostgresTimestamp

  /// The columns that `decode` reads, of `kagzi.schedules s`.
  internal static let columns = """
    s.uid, s.namespace, s.schedule_id, s.spec, s.revision, s.paused, s.note, s.created_at, s.anchor_at, s.next_at,
    s.fire_at, s.last_at, s.waiting, clock_timestamp()
    """

  internal static let columnCount = 14

  internal static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ScheduleRow {
    ScheduleRow(
      uid: try row.id(0), namespace: try row.string(1), scheduleID: try row.string(2), spec: try row.bytes(3),
      revision: try row.int64(4), isPaused: try row.bool(5), note: try row.string(6), createdAt: try row.timestamp(7),
      anchorAt: try row.timestamp(8), nextAt: try row.optionalTimestamp(9), fireAt: try row.optionalTimestamp(10),
      lastAt: try row.optionalTimestamp(11), waiting: try row.int32(12), now: try row.timestamp(13))
  }
}

/// What was decided about an occurrence.
package struct FiringRow: Sendable {
  /// What became of it. Raw values are those of the database.
  package enum State: Int16, Sendable {
    case started = 1
    case waiting = 2
    case skipped = 3
  }

  package var number: Int64
  package var cause: FiringCause
  package var scheduledAt: PostgresTimestamp
  package var decidedAt: PostgresTimestamp
  package var state: State
  package var firingID: UUID
  package var runID: RunID?
  package var skipReason: String?

  /// The columns that `decode` reads, of `kagzi.schedule_firings f`.
  internal static let columns = """
    f.number, f.cause, f.scheduled_at, f.decided_at, f.state, f.firing_id, f.run_id, f.skip_reason
    """

  /// - Parameter start: the first column.
  internal static func decode(
    _ row: borrowing PostgresRow, from start: Int = 0
  ) throws(PostgresDecodingError) -> FiringRow {
    guard let cause = FiringCause(rawValue: try row.int16(start + 1)) else { throw .malformed(column: start + 1) }
    guard let state = State(rawValue: try row.int16(start + 4)) else { throw .malformed(column: start + 4) }
    return FiringRow(
      number: try row.int64(start), cause: cause, scheduledAt: try row.timestamp(start + 2),
      decidedAt: try row.timestamp(start + 3), state: state, firingID: try row.id(start + 5),
      runID: try row.optionalID(start + 6), skipReason: try row.optionalString(start + 7))
  }
}
