package import Engine
package import Postgres

/// Asks runs to cancel. A row comes back for each open one, the first time or again. What is set of a run that wakes rests on
/// the row that was locked alone, as in `MatchSignalsMany`.
package struct CancelRunsMany: PostgresStatement {
  package let cancels: [CancelRun]

  package struct Row: Sendable {
    package var runID: RunID
    package var wake: Wake
    /// Whether it was not asked before.
    package var isFirst: Bool
  }

  package static let name = "cancel_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[]) AS i (run_id, reason, grace_ms, reserved)
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, i.reason, i.grace_ms, i.reserved, NOT r.cancel_requested AS is_first,
             NOT r.cancel_requested AND NOT r.leased AND r.status <> 5 AND r.ready_at IS NULL AS wakes
        FROM input i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    asked AS (
      UPDATE kagzi.open_runs r SET
        cancel_requested = true,
        cancel_reason = CASE WHEN w.is_first THEN w.reason ELSE r.cancel_reason END,
        cancel_deadline_at = coalesce(r.cancel_deadline_at, statement_timestamp() + w.grace_ms * interval '1 ms'),
        due_at = least(CASE WHEN NOT w.wakes THEN r.resume_at END, r.timeout_at,
                       coalesce(r.cancel_deadline_at, statement_timestamp() + w.grace_ms * interval '1 ms')),
        seq = r.seq + CASE WHEN w.is_first THEN 1 ELSE 0 END,
        news = r.news OR (w.is_first AND NOT w.wakes),
        resume_at = CASE WHEN w.wakes THEN NULL ELSE r.resume_at END,
        status = CASE WHEN w.wakes THEN 2 ELSE r.status END,
        leased = CASE WHEN w.wakes THEN w.reserved IS NOT NULL ELSE r.leased END,
        ready_at = CASE WHEN NOT w.wakes THEN r.ready_at WHEN w.reserved IS NULL THEN statement_timestamp() END,
        lease_epoch = r.lease_epoch + CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN 1 ELSE 0 END,
        lease_seq = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN r.seq + 1 ELSE r.lease_seq END,
        leased_at = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN statement_timestamp() ELSE r.leased_at END,
        started_at = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN coalesce(r.started_at, statement_timestamp()) ELSE r.started_at END,
        session_id = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN w.reserved ELSE r.session_id END,
        sticky = CASE WHEN w.wakes AND w.reserved IS NOT NULL
          THEN r.sticky AND r.session_id IS NOT DISTINCT FROM w.reserved ELSE r.sticky END
      FROM run w WHERE r.run_id = ANY (ARRAY[w.run_id])
      RETURNING r.run_id, w.wakes, w.reserved, r.lease_epoch, r.sticky, w.is_first
    )
    SELECT run_id, CASE WHEN NOT wakes THEN 0 WHEN reserved IS NULL THEN 1 ELSE 2 END, lease_epoch, sticky, is_first
      FROM asked
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(cancels) { $0.runID }
    parameters.bindArray(cancels) { $0.reason }
    parameters.bindArray(cancels) { $0.graceMilliseconds }
    parameters.bindOptionalArray(cancels) { $0.reservedSession }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let wake: Wake =
      switch try row.int32(1) {
      case 1: .ready
      case 2: .leased(epoch: try row.int32(2), isDelta: try row.bool(3), isAlone: false)
      default: .none
      }
    return Row(runID: try row.id(0), wake: wake, isFirst: try row.bool(4))
  }
}
