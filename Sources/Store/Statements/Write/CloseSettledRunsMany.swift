internal import Engine
package import Postgres

/// Records reports that close their runs, of runs all of whose steps and groups are settled. Rows as for `CloseRunsMany`; a run
/// of which something is open stays as it is.
///
/// Most runs are like that when they close, and looking costs less than being ready to cancel. What opens steps and groups are
/// reports under the same lease, so none comes between the look and the close.
package struct CloseSettledRunsMany: PostgresStatement {
  package let closes: [CloseRun]

  package static let name = "close_settled_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::boolean[], $5::bytea[], $6::bytea[])
          AS i (run_id, epoch, status, is_cancellation, output, failure)
       ORDER BY run_id
    ),
    held AS (
      DELETE FROM kagzi.open_runs r USING input i
       WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.leased AND r.lease_epoch = i.epoch
         AND NOT EXISTS (SELECT FROM kagzi.steps s WHERE s.run_id = ANY (ARRAY[r.run_id]) AND s.state < 5 OFFSET 0)
         AND NOT EXISTS (SELECT FROM kagzi.groups g WHERE g.run_id = ANY (ARRAY[r.run_id]) AND g.verdict IS NULL OFFSET 0)
      RETURNING r.run_id, r.seq, r.started_at, i.epoch, i.output, i.failure,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN 8 ELSE i.status END AS status,
                CASE WHEN i.is_cancellation AND r.cancel_requested THEN r.cancel_reason END AS reason
    ),
    closed AS (
      UPDATE kagzi.runs r SET
        status = h.status, status_reason = h.reason, closed_at = statement_timestamp(), started_at = h.started_at,
        output = h.output, failure = h.failure, failure_status = CASE WHEN h.failure IS NOT NULL THEN h.status END,
        seq = h.seq + 1, closing_epoch = h.epoch
      FROM held h WHERE r.run_id = ANY (ARRAY[h.run_id])
      RETURNING \(ClosedRows.closedColumns)
    ),
    \(ClosedRows.endNotices)
    \(ClosedRows.selectClosed)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(closes) { $0.runID }
    parameters.bindArray(closes) { $0.epoch }
    parameters.bindArray(closes) { $0.status.rawValue }
    parameters.bindArray(closes) { $0.isCancellation }
    parameters.bindOptionalArray(closes) { $0.output }
    parameters.bindOptionalArray(closes) { $0.failure }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> CloseRunsMany.Row {
    try ClosedRows.decode(row)
  }
}
