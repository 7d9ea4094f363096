internal import Engine
package import Postgres

/// Closes runs without their workers. Rows as for `CloseRunsMany`. Runs under `LockEndingRunsMany`.
package struct EndRunsMany: PostgresStatement {
  package let ends: [EndRun]

  package static let name = "end_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::bytea[], $5::boolean[])
          AS i (run_id, status, reason, failure, only_when_due)
       ORDER BY run_id
    ),
    \(CancelOpenGroups.lock),
    held AS (
      DELETE FROM kagzi.open_runs r USING input i
       WHERE r.run_id = ANY (ARRAY[i.run_id]) AND \(CancelOpenGroups.areLocked)
         AND (NOT i.only_when_due OR (i.status = 10 AND r.timeout_at <= statement_timestamp())
              OR (i.status = 8 AND r.cancel_deadline_at <= statement_timestamp() AND NOT r.leased))
      RETURNING r.run_id, r.seq, r.started_at, r.lease_epoch, r.session_id, r.leased, i.status, i.reason, i.failure
    ),
    closed AS (
      UPDATE kagzi.runs r SET
        status = h.status, status_reason = h.reason, closed_at = statement_timestamp(), started_at = h.started_at,
        failure = h.failure, failure_status = h.status, seq = h.seq + 1, ending_epoch = h.lease_epoch
      FROM held h WHERE r.run_id = ANY (ARRAY[h.run_id])
      RETURNING \(ClosedRows.closedColumns)
    ),
    \(CancelOpenSteps.cancel(unless: "false")),
    \(CancelOpenGroups.cancel),
    \(ClosedRows.notices)
    \(ClosedRows.select)
    UNION ALL
    SELECT run_id, NULL, '', session_id, lease_epoch, \(ClosedRows.noClosing) FROM held WHERE leased
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(ends) { $0.runID }
    parameters.bindArray(ends) { $0.status.rawValue }
    parameters.bindArray(ends) { $0.reason }
    parameters.bindArray(ends) { $0.failure }
    parameters.bindArray(ends) { $0.onlyWhenDue }
  }

  /// A held step with an empty key is the run's own workflow task.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> CloseRunsMany.Row {
    try ClosedRows.decode(row)
  }
}
