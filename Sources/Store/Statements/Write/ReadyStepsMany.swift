internal import Engine
package import Postgres

/// Makes steps claimable whose retry delay has passed, or holds them back while their run is paused; of a local step, wakes
/// the run. A row comes back for each. The runs' rows are locked first, so that a pause is not missed.
package struct ReadyStepsMany: PostgresStatement {
  package let readies: [ReadyStep]

  package struct Row: Sendable {
    package var position: Int
    /// Whether the run itself became claimable.
    package var isRunReady: Bool
  }

  package static let name = "ready_steps_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS i (run_id, step_key, position)
       ORDER BY run_id, step_key
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.status = 5 AS is_paused
        FROM (SELECT DISTINCT run_id FROM input) i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    placed AS (
      SELECT i.*, r.is_paused FROM input i FULL JOIN run r ON r.run_id = i.run_id
       ORDER BY i.run_id, i.step_key
    ),
    made_ready AS (
      UPDATE kagzi.steps s SET
        state = CASE WHEN s.kind <> 2 THEN s.state WHEN i.is_paused THEN 3 ELSE 1 END,
        is_held_back = CASE WHEN s.kind = 2 AND i.is_paused THEN true END,
        ready_at = CASE WHEN s.kind = 2 AND NOT i.is_paused THEN statement_timestamp() END,
        due_at = CASE WHEN s.kind = 2 THEN
                   least(CASE WHEN NOT i.is_paused THEN statement_timestamp() + s.schedule_to_start_ms * interval '1 ms' END,
                         s.scheduled_at + s.schedule_to_close_ms * interval '1 ms') END
      FROM placed i
      WHERE s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key AND s.state = 4 AND coalesce(s.due_at <= statement_timestamp(), false)
      RETURNING s.run_id, s.kind, i.position
    ),
    woken AS (
      UPDATE kagzi.open_runs r SET
        news = r.leased OR r.status = 5,
        status = CASE WHEN r.leased OR r.status = 5 THEN r.status ELSE 2 END,
        ready_at = CASE WHEN r.leased OR r.status = 5 OR r.resume_at IS NOT NULL THEN r.ready_at
                     ELSE coalesce(r.ready_at, statement_timestamp()) END
      FROM (SELECT DISTINCT run_id FROM made_ready WHERE kind = 1) m
      WHERE r.run_id = ANY (ARRAY[m.run_id])
      RETURNING r.run_id, r.ready_at IS NOT NULL AS is_ready
    )
    SELECT m.position, coalesce(w.is_ready, false) FROM made_ready m FULL JOIN woken w ON w.run_id = m.run_id
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(readies) { $0.runID }
    parameters.bindArray(readies) { $0.stepKey }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(position: try row.int(0) - 1, isRunReady: try row.bool(1))
  }
}
