package import Engine
package import Postgres

/// Moves open runs to another version. A row comes back for each that was still on the version it was to leave, and of
/// which nothing was recorded since its steps were looked at.
package struct MoveRunsMany: PostgresStatement {
  package let moves: [MoveRun]

  package static let name = "move_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[]) AS i (run_id, from_version, to_version, seq)
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.leased, r.session_id, i.to_version
        FROM input i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE r.workflow_version = i.from_version AND r.seq = i.seq
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    moved AS (
      UPDATE kagzi.open_runs r SET
        workflow_version = w.to_version,
        seq = r.seq + 1,
        leased = false,
        sticky = false,
        news = (r.news AND NOT w.leased) OR (w.leased AND r.status = 5),
        status = CASE WHEN w.leased AND r.status <> 5 THEN 2 ELSE r.status END,
        ready_at = CASE WHEN w.leased AND r.status <> 5 THEN statement_timestamp() ELSE r.ready_at END
      FROM run w
      WHERE r.run_id = ANY (ARRAY[w.run_id])
      RETURNING r.run_id, r.ready_at IS NOT NULL AS is_ready, CASE WHEN w.leased THEN w.session_id END AS session_id,
                r.lease_epoch, w.to_version
    ),
    renamed AS (
      UPDATE kagzi.runs r SET
        moved_from = coalesce(r.moved_from, r.workflow_version), workflow_version = m.to_version
      FROM moved m WHERE r.run_id = ANY (ARRAY[m.run_id])
    )
    SELECT run_id, is_ready, session_id, lease_epoch FROM moved
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(moves) { $0.runID }
    parameters.bindArray(moves) { $0.fromVersion }
    parameters.bindArray(moves) { $0.toVersion }
    parameters.bindArray(moves) { $0.sequence }
  }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, moved: Moved) {
    let moved = Moved(isReady: try row.bool(1), session: try row.optionalID(2), epoch: try row.int32(3))
    return (try row.id(0), moved)
  }
}
