package import Engine
package import Postgres

/// Parks runs. A row comes back for each open one; one that is paused already stays as it is. What activities it has ready
/// is held back by `HoldBackStepsMany`, which follows in the same transaction.
package struct PauseRunsMany: PostgresStatement {
  package let pauses: [PauseRun]

  package static let name = "pause_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[]) AS i (run_id, reason) ORDER BY run_id
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, i.reason, r.status = 5 AS is_paused
        FROM input i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    paused AS (
      UPDATE kagzi.open_runs r SET
        status = 5, status_reason = p.reason, seq = r.seq + 1,
        -- A task that was to be handed out is news that waits for the resume.
        news = r.news OR r.ready_at IS NOT NULL, ready_at = NULL
      FROM run p WHERE r.run_id = ANY (ARRAY[p.run_id]) AND NOT p.is_paused
    )
    SELECT run_id FROM run
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(pauses) { $0.runID }
    parameters.bindArray(pauses) { $0.reason }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
