package import Engine
package import Postgres

/// Records reports that close their runs. Rows: each closed run with its status, and each step that a session held
/// in it, cancelled now.
package struct CloseRunsMany: PostgresStatement {
  package let closes: [CloseRun]

  package enum Row: Sendable {
    case closed(RunID, Closing)
    case cancelled(HeldStep)
  }

  package static let name = "close_runs_many"
  /// A local step whose last attempt is part of the report.
  private static let reported = """
    EXISTS (SELECT FROM unnest($8::uuid[], $9::text[]) AS n (run_id, step_key)
             WHERE n.run_id = s.run_id AND n.step_key = s.step_key)
    """
  package static let sql = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::integer[], $5::boolean[], $6::bytea[], $7::bytea[])
          AS i (run_id, epoch, status, changes, is_cancellation, output, failure)
       ORDER BY run_id
    ),
    held AS (
      DELETE FROM kagzi.open_runs r USING input i
       WHERE r.run_id = i.run_id AND r.leased AND r.lease_epoch = i.epoch
      RETURNING r.run_id, r.seq + i.changes AS seq, i.changes, r.session_id, r.started_at, i.epoch, i.output, i.failure,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN 8 ELSE i.status END AS status,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN r.cancel_reason END AS reason
    ),
    closed AS (
      UPDATE kagzi.runs r SET
        status = h.status, status_reason = h.reason, closed_at = clock.now, started_at = h.started_at, output = h.output,
        failure = h.failure, seq = h.seq + 1, closing_epoch = h.epoch
      FROM held h, clock WHERE r.run_id = h.run_id
      RETURNING r.run_id, r.status, r.status_reason, r.closed_at, r.started_at, r.seq, r.workflow_version, r.attempt
    ),
    \(NewStepArrays.insert(from: 8)),
    \(FailedAttemptArrays.insert(from: 33)),
    \(CancelOpenSteps.cancel(unless: reported))
    \(CancelOpenSteps.closedRows)
    UNION ALL
    \(CancelOpenSteps.abandonedRows)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(closes) { $0.runID }
    parameters.bindArray(closes) { $0.epoch }
    parameters.bindArray(closes) { $0.status.rawValue }
    parameters.bindArray(closes) { Int32($0.steps.count + $0.failedAttempts.count) }
    parameters.bindArray(closes) { $0.isCancellation }
    parameters.bindOptionalArray(closes) { $0.output }
    parameters.bindOptionalArray(closes) { $0.failure }
    NewStepArrays.bind(closes.flatMap { $0.steps.positioned(in: $0.runID) }, &parameters)
    FailedAttemptArrays.bind(
      closes.flatMap { close in close.failedAttempts.map { .init(runID: close.runID, attempt: $0) } }, &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    try CancelOpenSteps.decode(row)
  }
}

/// The part of a closing statement that cancels what is still open: `abandoned` are the steps as they were, from
/// `held (run_id, seq)`.
internal enum CancelOpenSteps {
  /// - Parameter condition: SQL that spares a step `s` because the statement itself settles it.
  static func cancel(unless condition: String) -> String {
    """
    abandoned AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.session_id, s.lease_epoch, h.seq
        FROM held h JOIN kagzi.steps s ON s.run_id = h.run_id
       WHERE s.state < 5 AND NOT (\(condition))
       ORDER BY s.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    cancelled AS (
      UPDATE kagzi.steps s SET
        state = 7, settled_seq = a.seq + 1, settled_at = clock.now, settled_by = s.session_id, session_id = NULL,
        ready_at = NULL, due_at = NULL, deadline_at = NULL
      FROM abandoned a, clock WHERE s.run_id = a.run_id AND s.step_key = a.step_key
    )
    """
  }

  /// A row a run of `closed`, and a row a step of `abandoned` that a session held; then those of the statement's own.
  static let closedRows = """
    SELECT run_id, status, status_reason, NULL::uuid, NULL::integer, closed_at, started_at, seq,
           workflow_version, attempt
      FROM closed
    """
  static let abandonedRows = """
    SELECT run_id, NULL, step_key, session_id, lease_epoch, NULL, NULL, NULL, NULL, NULL
      FROM abandoned WHERE session_id IS NOT NULL
    """

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> CloseRunsMany.Row {
    let runID = try row.id(0)
    if let status = try row.optionalInt16(1) {
      guard let status = RunStatus(rawValue: status) else { throw .malformed(column: 1) }
      return .closed(
        runID,
        Closing(
          status: status, reason: try row.optionalString(2), closedAt: try row.timestamp(5),
          startedAt: try row.optionalTimestamp(6), sequence: try row.int64(7),
          workflowVersion: try row.int32(8), attempt: try row.int32(9)))
    }
    return .cancelled(
      HeldStep(runID: runID, stepKey: try row.string(2), sessionID: try row.id(3), epoch: try row.int32(4)))
  }
}
