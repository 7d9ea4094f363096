package import Engine
package import Postgres

/// Holds back the ready activities of those of the runs that are paused.
///
/// A statement of its own after the one that paused them: its snapshot then shows what others made ready until the run's row
/// was locked; whoever makes an activity ready later locks that row first and sees that the run is paused.
package struct HoldBackStepsMany: PostgresStatement {
  package let runIDs: [RunID]

  package static let name = "hold_back_steps_many"
  package static let sql = """
    WITH held AS MATERIALIZED (
      SELECT s.run_id, s.step_key
        FROM unnest($1::uuid[]) AS i (run_id)
        JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id]) AND r.status = 5
        JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id])
       WHERE s.state = 1
       ORDER BY i.run_id, s.step_key FOR NO KEY UPDATE OF s
    )
    UPDATE kagzi.steps s SET
      state = 3, is_held_back = true, ready_at = NULL,
      due_at = s.scheduled_at + s.schedule_to_close_ms * interval '1 ms'
      FROM held h WHERE s.run_id = ANY (ARRAY[h.run_id]) AND s.step_key = h.step_key
    RETURNING s.run_id
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
