package import Engine
package import Postgres

/// A run as the API shows it.
package struct RunRow: Sendable {
  package var runID: RunID
  package var namespace: String
  package var workflowID: String
  package var workflowType: String
  package var workflowVersion: Int32
  package var taskQueue: String
  package var priority: Int16
  /// JSON object.
  package var tags: String?
  package var attempt: Int32
  package var parentRunID: RunID?
  package var createdAt: PostgresTimestamp
  package var startedAt: PostgresTimestamp?
  package var closedAt: PostgresTimestamp?
  package var status: RunStatus
  package var statusReason: String?
  package var failure: [UInt8]?
  package var sequence: Int64
  package var sessionID: SessionID?
  package var isCancelRequested: Bool
  package var nextWakeAt: PostgresTimestamp?
  package var parentStep: String?
  package var relatedRunID: RunID?
  package var input: [UInt8]?
  package var output: [UInt8]?

  /// The row of a run that is being started; when it was created is known once it is committed.
  package init(starting start: StartRun) {
    runID = start.runID
    namespace = start.namespace
    workflowID = start.workflowID
    workflowType = start.workflowType
    workflowVersion = start.workflowVersion
    taskQueue = start.taskQueue
    priority = start.priority
    tags = start.tags
    attempt = 1
    createdAt = PostgresTimestamp(microseconds: 0)
    status = .pending
    sequence = 1
    isCancelRequested = false
    input = start.input
  }

  /// The row as it is once the run has closed so.
  package func closed(_ closing: Closing, output: [UInt8]?, failure: [UInt8]?) -> RunRow {
    var row = self
    row.status = closing.status
    row.statusReason = closing.reason
    row.closedAt = closing.closedAt
    row.startedAt = closing.startedAt
    row.sequence = closing.sequence
    row.workflowVersion = closing.workflowVersion
    row.attempt = closing.attempt
    row.output = output
    row.failure = failure
    row.sessionID = nil
    row.isCancelRequested = false
    row.nextWakeAt = nil
    return row
  }

  /// Columns from `runs r LEFT JOIN open_runs o`, payloads last.
  internal static let columns = """
    r.run_id, r.namespace, r.workflow_id, r.workflow_type, coalesce(o.workflow_version, r.workflow_version), r.task_queue,
          r.priority, r.tags, r.attempt, r.parent_run_id, r.created_at, coalesce(r.started_at, o.started_at), r.closed_at,
          coalesce(r.status, \(openStatus)), coalesce(r.status_reason, o.status_reason), r.failure,
          coalesce(o.seq, r.seq), CASE WHEN o.leased THEN o.session_id END, coalesce(o.cancel_requested, false),
          CASE WHEN o.run_id IS NOT NULL THEN
            least(o.due_at, (SELECT min(s.due_at) FROM (SELECT due_at FROM kagzi.steps WHERE run_id = r.run_id OFFSET 0) s)) END,
          r.parent_step, r.related_run_id
    """

  /// The status of an open run `o`: it sleeps when nothing but timers and retry delays is outstanding.
  internal static let openStatus = """
    CASE WHEN o.status = 3 AND NOT EXISTS (
          SELECT FROM kagzi.steps s WHERE s.run_id = ANY (ARRAY[o.run_id])
             AND (s.state IN (1, 2) OR (s.state = 3 AND s.kind <> 3))) THEN 4 ELSE o.status END
    """

  internal static let payloadColumns = "r.input, r.output"
  internal static let noPayloadColumns = "NULL::bytea, NULL::bytea"

  internal init(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {
    runID = try row.id(0)
    namespace = try row.string(1)
    workflowID = try row.string(2)
    workflowType = try row.string(3)
    workflowVersion = try row.int32(4)
    taskQueue = try row.string(5)
    priority = try row.int16(6)
    tags = try row.decodeOptional(7, as: PostgresJSONB.self)?.text
    attempt = try row.int32(8)
    parentRunID = try row.optionalID(9)
    createdAt = try row.timestamp(10)
    startedAt = try row.optionalTimestamp(11)
    closedAt = try row.optionalTimestamp(12)
    guard let status = RunStatus(rawValue: Int16(try row.int32(13))) else { throw .malformed(column: 13) }
    self.status = status
    statusReason = try row.optionalString(14)
    failure = try row.optionalBytes(15)
    sequence = try row.int64(16)
    sessionID = try row.optionalID(17)
    isCancelRequested = try row.bool(18)
    nextWakeAt = try row.optionalTimestamp(19)
    parentStep = try row.optionalString(20)
    relatedRunID = try row.optionalID(21)
    input = try row.optionalBytes(22)
    output = try row.optionalBytes(23)
  }
}
