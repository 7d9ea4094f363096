internal import Engine
package import Postgres

/// Hands ready workflow tasks of one key to reserved slots: highest priority first, then oldest. The last row says when tasks
/// were passed over that are locked at this moment.
package struct ClaimRuns: PostgresStatement {
  package let claim: ClaimTasks

  package static let name = "claim_runs"
  package static let sql = """
    WITH ready AS MATERIALIZED (
      SELECT run_id FROM kagzi.open_runs
       WHERE namespace = $1 AND task_queue = $2 AND workflow_type = $3 AND workflow_version = $4 AND ready_at IS NOT NULL
       ORDER BY priority DESC, ready_at
       LIMIT cardinality($5::uuid[])
         FOR UPDATE SKIP LOCKED
    ),
    placed AS (SELECT run_id, ($5::uuid[])[row_number() OVER ()] AS session_id FROM ready),
    claimed AS (
      UPDATE kagzi.open_runs r SET
        leased = true, ready_at = NULL, status = 2, news = false,
        sticky = r.sticky AND r.session_id = p.session_id,
        session_id = p.session_id, lease_epoch = r.lease_epoch + 1, lease_seq = r.seq, leased_at = statement_timestamp(),
        started_at = coalesce(r.started_at, statement_timestamp())
      FROM placed p
      WHERE r.run_id = ANY (ARRAY[p.run_id])
      RETURNING r.run_id, r.session_id, r.lease_epoch, r.sticky
    )
    SELECT * FROM claimed
    UNION ALL
    SELECT NULL, NULL, NULL, NULL
     WHERE (SELECT count(*) FROM ready) < (
             SELECT count(*) FROM (
               SELECT FROM kagzi.open_runs
                WHERE namespace = $1 AND task_queue = $2 AND workflow_type = $3 AND workflow_version = $4 AND ready_at IS NOT NULL
                LIMIT cardinality($5::uuid[])) AS visible)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(claim.key.namespace)
    parameters.bind(claim.key.queue)
    parameters.bind(claim.key.type)
    parameters.bind(claim.key.version)
    parameters.bindArray(claim.slots)
  }

  /// Nil: tasks were passed over.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedRun? {
    guard let runID = try row.optionalID(0) else { return nil }
    return ClaimedRun(
      runID: runID, sessionID: try row.id(1), epoch: try row.int32(2), isDelta: try row.optionalBool(3) ?? false
    )
  }
}
