package import Engine
package import Postgres

/// Steps of a run that were scheduled or settled after a sequence number, without payloads.
package struct ListChangedSteps: PostgresStatement {
  package let runID: RunID
  package let after: Int64

  package init(runID: RunID, after: Int64) {
    self.runID = runID
    self.after = after
  }

  package static let name = "list_changed_steps"
  package static let sql = """
    SELECT \(StepRow.columns), NULL::bytea, s.output, NULL::bytea
      FROM kagzi.steps s
     WHERE s.run_id = $1 AND (s.scheduled_seq > $2 OR s.settled_seq > $2)
     ORDER BY s.scheduled_seq, s.step_key
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(after)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> StepRow { try StepRow(row) }
}

/// Attempts of a run that ended without settling their step after a sequence number.
package struct ListFailedAttempts: PostgresStatement {
  package let runID: RunID
  package let after: Int64

  package init(runID: RunID, after: Int64) {
    self.runID = runID
    self.after = after
  }

  package static let name = "list_failed_attempts"
  package static let sql = """
    SELECT step_key, attempt, worker_id, started_at, ended_at, failure, retry_delay_ms, seq
      FROM kagzi.step_attempts WHERE run_id = $1 AND seq > $2 ORDER BY seq
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(after)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> AttemptRow {
    AttemptRow(
      stepKey: try row.string(0), attempt: try row.int32(1), workerID: try row.optionalString(2),
      startedAt: try row.optionalTimestamp(3), endedAt: try row.optionalTimestamp(4), failure: try row.optionalBytes(5),
      retryDelayMilliseconds: try row.optionalInt64(6), sequence: try row.int64(7))
  }
}
