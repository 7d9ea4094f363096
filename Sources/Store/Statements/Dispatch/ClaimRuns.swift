internal import Engine
package import Postgres

/// Hands ready workflow tasks of one key to reserved slots: highest priority first, then oldest.
package struct ClaimRuns: PostgresStatement {
  package let claim: ClaimTasks

  package static let name = "claim_runs"
  package static let sql = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    ready AS MATERIALIZED (
      SELECT run_id FROM kagzi.open_runs
       WHERE namespace = $1 AND task_queue = $2 AND workflow_type = $3 AND workflow_version = $4 AND ready_at IS NOT NULL
       ORDER BY priority DESC, ready_at
       LIMIT cardinality($5::uuid[])
         FOR UPDATE SKIP LOCKED
    ),
    placed AS (SELECT run_id, ($5::uuid[])[row_number() OVER ()] AS session_id FROM ready)
    UPDATE kagzi.open_runs r SET
      leased = true, ready_at = NULL, status = 2, news = false,
      sticky = r.sticky AND r.session_id = p.session_id,
      session_id = p.session_id, lease_epoch = r.lease_epoch + 1, lease_seq = r.seq, leased_at = clock.now,
      started_at = coalesce(r.started_at, clock.now)
    FROM placed p, clock
    WHERE r.run_id = p.run_id
    RETURNING r.run_id, r.session_id, r.lease_epoch, r.sticky
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(claim.key.namespace)
    parameters.bind(claim.key.queue)
    parameters.bind(claim.key.type)
    parameters.bind(claim.key.version)
    parameters.bindArray(claim.slots)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedRun {
    ClaimedRun(
      runID: try row.id(0), sessionID: try row.id(1), epoch: try row.int32(2), isDelta: try row.optionalBool(3) ?? false
    )
  }
}
