package import Engine
package import Postgres

/// Lets go of members that a limit holds back, in the order they were scheduled, as far as their groups have room; those of a
/// paused run are then held back by the pause. Rows:
/// the kinds of tasks that became ready. Runs under `LockGroupsMany`, after what may have made room.
package struct ReleaseMembersMany: PostgresStatement {
  package let touched: TouchedGroups

  package static let name = "release_members_many"
  package static let sql = """
    WITH roomy AS MATERIALIZED (
      SELECT g.run_id, g.group_key, g.max_concurrency - g.active AS room, g.released_seq
        FROM (\(TouchedGroups.keys(from: 1))) t JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id]) AND g.group_key = t.group_key
       WHERE g.max_concurrency > g.active AND g.verdict IS NULL
    ),
    released AS MATERIALIZED (
      SELECT r.run_id, r.group_key, n.step_key, n.scheduled_seq
        FROM roomy r CROSS JOIN LATERAL (
             SELECT s.step_key, s.scheduled_seq FROM kagzi.steps s
              WHERE s.run_id = r.run_id AND s.group_key = r.group_key AND s.state = 3 AND s.kind = 2
                AND s.scheduled_seq > r.released_seq
              ORDER BY s.scheduled_seq LIMIT r.room) n
    ),
    counted AS (
      UPDATE kagzi.groups g SET active = g.active + c.count, released_seq = c.last
        FROM (SELECT run_id, group_key, count(*) AS count, max(scheduled_seq) AS last FROM released GROUP BY run_id, group_key) c
       WHERE g.run_id = ANY (ARRAY[c.run_id]) AND g.group_key = c.group_key
    ),
    readied AS (
      UPDATE kagzi.steps s SET
        state = CASE WHEN o.status = 5 THEN 3 ELSE 1 END,
        is_held_back = CASE WHEN o.status = 5 THEN true END,
        ready_at = CASE WHEN o.status <> 5 THEN statement_timestamp() END,
        due_at = least(CASE WHEN o.status <> 5 THEN statement_timestamp() + s.schedule_to_start_ms * interval '1 ms' END,
                       s.scheduled_at + s.schedule_to_close_ms * interval '1 ms')
      FROM released r JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[r.run_id])
      WHERE s.run_id = ANY (ARRAY[r.run_id]) AND s.step_key = r.step_key
      RETURNING s.state, s.run_id, s.namespace, s.task_queue, s.activity_type, s.activity_version
    )
    SELECT DISTINCT run_id, namespace, task_queue, activity_type, activity_version FROM readied WHERE state = 1
    """

  package func bind(_ parameters: inout PostgresParameters) { touched.bind(&parameters) }

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
