internal import Engine
package import Postgres

/// Gives activity tasks back without counting an attempt. A row comes back for each that was held.
package struct ReleaseStepsMany: PostgresStatement {
  package let releases: [ReleaseStep]

  package static let name = "release_steps_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[]) WITH ORDINALITY
          AS i (run_id, step_key, epoch, delay_ms, position)
    ),
    held AS MATERIALIZED (
      SELECT i.* FROM input i JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
       WHERE s.state = 2 AND s.lease_epoch = i.epoch
       ORDER BY i.run_id, i.step_key FOR NO KEY UPDATE OF s
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.status = 5 AS is_paused
        FROM (SELECT DISTINCT run_id FROM held) i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    placed AS (
      SELECT h.*, coalesce(r.is_paused, false) AND h.delay_ms = 0 AS is_held_back FROM held h FULL JOIN run r ON r.run_id = h.run_id
    )
    UPDATE kagzi.steps s SET
      state = CASE WHEN i.delay_ms > 0 THEN 4 WHEN i.is_held_back THEN 3 ELSE 1 END,
      is_held_back = CASE WHEN i.is_held_back THEN true END,
      session_id = NULL, started_at = NULL, deadline_at = NULL,
      ready_at = CASE WHEN i.delay_ms = 0 AND NOT i.is_held_back THEN statement_timestamp() END,
      due_at = CASE WHEN i.delay_ms > 0 THEN statement_timestamp() + i.delay_ms * interval '1 ms'
                 ELSE least(CASE WHEN NOT i.is_held_back THEN statement_timestamp() + s.schedule_to_start_ms * interval '1 ms' END,
                            s.scheduled_at + s.schedule_to_close_ms * interval '1 ms') END
    FROM placed i
    WHERE s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
    RETURNING i.position
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(releases) { $0.runID }
    parameters.bindArray(releases) { $0.stepKey }
    parameters.bindArray(releases) { $0.epoch }
    parameters.bindArray(releases) { $0.delayMilliseconds }
  }

  /// The release's place in the input.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) - 1 }
}
