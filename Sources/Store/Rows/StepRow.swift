package import Engine
package import Postgres

/// A step as the API shows it and as a worker gets it.
package struct StepRow: Sendable {
  package var key: String
  package var kind: StepKind
  package var state: StepState
  package var attempt: Int32
  package var groupKey: String?
  package var activityType: String?
  package var activityVersion: Int32?
  package var taskQueue: String?
  package var failure: [UInt8]?
  package var dueAt: PostgresTimestamp?
  package var sessionID: SessionID?
  package var scheduledAt: PostgresTimestamp
  package var startedAt: PostgresTimestamp?
  package var settledAt: PostgresTimestamp?
  package var scheduledSequence: Int64
  package var settledSequence: Int64?
  package var signalName: String?
  package var childRunID: RunID?
  package var input: [UInt8]?
  package var output: [UInt8]?
  package var progress: [UInt8]?

  /// Columns from `steps s`, payloads last.
  internal static let columns = """
    s.step_key, s.kind, s.state, s.attempt, s.group_key, s.activity_type, s.activity_version, s.task_queue, s.failure,
          s.due_at, s.session_id, s.scheduled_at, s.started_at, s.settled_at, s.scheduled_seq, s.settled_seq,
          s.signal_name, s.child_run_id
    """

  internal init(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {
    key = try row.string(0)
    guard let kind = StepKind(rawValue: try row.int16(1)) else { throw .malformed(column: 1) }
    guard let state = StepState(rawValue: try row.int16(2)) else { throw .malformed(column: 2) }
    self.kind = kind
    self.state = state
    attempt = try row.int32(3)
    groupKey = try row.optionalString(4)
    activityType = try row.optionalString(5)
    activityVersion = try row.optionalInt32(6)
    taskQueue = try row.optionalString(7)
    failure = try row.optionalBytes(8)
    dueAt = try row.optionalTimestamp(9)
    sessionID = try row.optionalID(10)
    scheduledAt = try row.timestamp(11)
    startedAt = try row.optionalTimestamp(12)
    settledAt = try row.optionalTimestamp(13)
    scheduledSequence = try row.int64(14)
    settledSequence = try row.optionalInt64(15)
    signalName = try row.optionalString(16)
    childRunID = try row.optionalID(17)
    input = try row.optionalBytes(18)
    output = try row.optionalBytes(19)
    progress = try row.optionalBytes(20)
  }
}
