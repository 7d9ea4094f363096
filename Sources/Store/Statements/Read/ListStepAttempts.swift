package import Engine
package import Postgres

/// One attempt of a step.
package struct AttemptRow: Sendable {
  package var stepKey: String
  package var attempt: Int32
  package var workerID: String?
  package var startedAt: PostgresTimestamp?
  package var endedAt: PostgresTimestamp?
  package var failure: [UInt8]?
  package var retryDelayMilliseconds: Int64?
  package var sequence: Int64
}

/// A page of attempts, oldest first: those that did not settle their step, and the last one of each step that runs or ran.
package struct ListStepAttempts: PostgresStatement {
  package let runID: RunID
  package let stepKey: String?
  package let after: (sequence: Int64, key: String)
  package let limit: Int

  package init(runID: RunID, stepKey: String?, after: (sequence: Int64, key: String), limit: Int) {
    self.runID = runID
    self.stepKey = stepKey
    self.after = after
    self.limit = limit
  }

  package static let name = "list_step_attempts"
  package static let sql = """
    SELECT * FROM (
      SELECT a.step_key, a.attempt, a.worker_id, a.started_at, a.ended_at, a.failure, a.retry_delay_ms, a.seq
        FROM kagzi.step_attempts a
       WHERE a.run_id = $1 AND ($2::text IS NULL OR a.step_key = $2)
      UNION ALL
      SELECT s.step_key, s.attempt, k.worker_id, s.started_at, s.settled_at, CASE WHEN s.state >= 5 THEN s.failure END, NULL,
             coalesce(s.settled_seq, 9223372036854775807)
        FROM kagzi.steps s LEFT JOIN kagzi.sessions k ON k.session_id = coalesce(s.session_id, s.settled_by)
       WHERE s.run_id = $1 AND ($2::text IS NULL OR s.step_key = $2) AND s.kind IN (1, 2)
         AND s.state IN (2, 5, 6, 7) AND s.started_at IS NOT NULL
    ) AS attempts
     WHERE (seq, step_key) > ($3, $4)
     ORDER BY seq, step_key
     LIMIT $5
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(stepKey)
    parameters.bind(after.sequence)
    parameters.bind(after.key)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> AttemptRow {
    AttemptRow(
      stepKey: try row.string(0), attempt: try row.int32(1), workerID: try row.optionalString(2),
      startedAt: try row.optionalTimestamp(3), endedAt: try row.optionalTimestamp(4), failure: try row.optionalBytes(5),
      retryDelayMilliseconds: try row.optionalInt64(6), sequence: try row.int64(7))
  }
}
