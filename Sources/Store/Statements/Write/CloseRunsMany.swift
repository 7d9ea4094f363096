package import Engine
package import Postgres

/// Records reports that close their runs. Rows: each closed run with its status and, for a child, its parent; each step
/// that a session held in it, cancelled now; each child of it that is to be stopped.
package struct CloseRunsMany: PostgresStatement {
  package let closes: [CloseRun]

  package enum Row: Sendable {
    case closed(RunID, Closing, EndedChild?)
    case cancelled(HeldStep)
    case stranded(StrandedChild)
  }

  package static let name = "close_runs_many"
  package static let sql = statement(recording: "", sparing: "false")
  /// With steps, and failed attempts of local steps, in the reports.
  private static let withSteps = PostgresStatementText(
    name: "close_runs_many_with_steps",
    sql: statement(
      recording: """
        \(NewStepArrays.insert(from: 8)),
        \(FailedAttemptArrays.insert(from: 8 + NewStepArrays.parameterCount)),
        """,
      // A local step whose last attempt is part of the report.
      sparing: """
        EXISTS (SELECT FROM unnest($8::uuid[], $9::text[]) AS n (run_id, step_key)
                 WHERE n.run_id = ANY (ARRAY[s.run_id]) AND n.step_key = s.step_key)
        """))

  package var text: PostgresStatementText {
    hasSteps ? Self.withSteps : PostgresStatementText(name: Self.name, sql: Self.sql)
  }

  private var hasSteps: Bool { closes.contains { !$0.steps.isEmpty || !$0.failedAttempts.isEmpty } }

  private static func statement(recording steps: String, sparing reported: String) -> String {
    """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::integer[], $5::boolean[], $6::bytea[], $7::bytea[])
          AS i (run_id, epoch, status, changes, is_cancellation, output, failure)
       ORDER BY run_id
    ),
    \(CancelOpenGroups.lock),
    \(CancelOpenSteps.lock(after: CancelOpenGroups.areLocked)),
    held AS (
      DELETE FROM kagzi.open_runs r USING input i
       WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.leased AND r.lease_epoch = i.epoch AND \(CancelOpenSteps.areLocked)
      RETURNING r.run_id, r.seq + i.changes AS seq, i.changes, r.session_id, r.started_at, i.epoch, i.output, i.failure,
                false AS is_paused, r.step_epoch, r.attempt_seq,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN 8 ELSE i.status END AS status,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN r.cancel_reason END AS reason
    ),
    closed AS (
      UPDATE kagzi.runs r SET
        status = h.status, status_reason = h.reason, closed_at = statement_timestamp(), started_at = h.started_at, output = h.output,
        failure = h.failure, failure_status = CASE WHEN h.failure IS NOT NULL THEN h.status END, seq = h.seq + 1,
        closing_epoch = h.epoch
      FROM held h WHERE r.run_id = ANY (ARRAY[h.run_id])
      RETURNING \(ClosedRows.closedColumns)
    ),
    \(steps)
    \(CancelOpenSteps.cancel(unless: reported)),
    \(CancelOpenGroups.cancel),
    \(ClosedRows.notices)
    \(ClosedRows.select)
    """
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(closes) { $0.runID }
    parameters.bindArray(closes) { $0.epoch }
    parameters.bindArray(closes) { $0.status.rawValue }
    parameters.bindArray(closes) { Int32($0.steps.count + $0.failedAttempts.count) }
    parameters.bindArray(closes) { $0.isCancellation }
    parameters.bindOptionalArray(closes) { $0.output }
    parameters.bindOptionalArray(closes) { $0.failure }
    guard hasSteps else { return }
    NewStepArrays.bind(closes.flatMap { $0.steps.positioned(in: $0.runID) }, &parameters)
    FailedAttemptArrays.bind(
      closes.flatMap { close in close.failedAttempts.map { .init(runID: close.runID, attempt: $0) } }, &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    try ClosedRows.decode(row)
  }
}
