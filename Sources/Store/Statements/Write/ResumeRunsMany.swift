package import Engine
package import Postgres

/// Lets paused runs go on. A row comes back for each open one. Those that have something to see are claimable at once; what
/// they held back follows by `LetGoStepsMany`.
package struct ResumeRunsMany: PostgresStatement {
  package let runIDs: [RunID]

  package static let name = "resume_runs_many"
  package static let sql = """
    WITH run AS MATERIALIZED (
      SELECT r.run_id, r.status = 5 AS is_paused,
             NOT r.leased AND r.resume_at IS NULL AND (r.news OR r.lease_epoch = 0) AS wakes
        FROM unnest($1::uuid[]) AS i (run_id) JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    resumed AS (
      UPDATE kagzi.open_runs r SET
        status = CASE WHEN r.leased THEN 2 WHEN r.lease_epoch = 0 THEN 1 WHEN p.wakes OR r.resume_at IS NOT NULL THEN 2 ELSE 3 END,
        status_reason = NULL, losses = 0, seq = r.seq + 1,
        news = r.news AND NOT p.wakes,
        -- What wakes is not held, whatever an older row says that Postgres checks the table's rules on.
        leased = r.leased AND NOT p.wakes,
        ready_at = CASE WHEN p.wakes THEN statement_timestamp() END
      FROM run p WHERE r.run_id = ANY (ARRAY[p.run_id]) AND p.is_paused
    )
    SELECT run_id, is_paused AND wakes FROM run
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  /// The run, and whether it became claimable.
  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, isReady: Bool) {
    (try row.id(0), try row.bool(1))
  }
}
