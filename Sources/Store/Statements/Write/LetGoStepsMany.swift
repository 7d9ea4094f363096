package import Engine
package import Postgres

/// Makes claimable what runs held back while they were paused. A row comes back for each kind of task that is ready now.
///
/// The time to be started counts anew; the time to be closed went on while the run was paused, and may have passed.
package struct LetGoStepsMany: PostgresStatement {
  package let runIDs: [RunID]

  package static let name = "let_go_steps_many"
  package static let sql = """
    WITH held AS MATERIALIZED (
      SELECT s.run_id, s.step_key
        FROM unnest($1::uuid[]) AS i (run_id)
        JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id]) AND r.status <> 5
        JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id])
       WHERE s.state = 3 AND s.is_held_back
       ORDER BY i.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    let_go AS (
      UPDATE kagzi.steps s SET
        state = 1, is_held_back = NULL, ready_at = statement_timestamp(),
        due_at = least(statement_timestamp() + s.schedule_to_start_ms * interval '1 ms',
                       s.scheduled_at + s.schedule_to_close_ms * interval '1 ms')
      FROM held h WHERE s.run_id = ANY (ARRAY[h.run_id]) AND s.step_key = h.step_key
      RETURNING s.run_id, s.namespace, s.task_queue, s.activity_type, s.activity_version
    )
    SELECT DISTINCT run_id, namespace, task_queue, activity_type, activity_version FROM let_go
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, key: TaskKey) {
    (
      try row.id(0),
      TaskKey(
        kind: .activity, namespace: try row.string(1), queue: try row.string(2), type: try row.string(3),
        version: try row.int32(4))
    )
  }
}
