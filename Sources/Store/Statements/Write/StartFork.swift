package import Engine
package import Postgres

/// Starts a run that takes over the completed steps of another which were scheduled before one of them, and the groups that
/// succeeded before it with all their members. A row comes back if
/// it was started: not if the step or the run does not exist, an open run holds the workflow id, or the request id was seen before.
///
/// Forks are rare: one statement each, not a batch.
package struct StartFork: PostgresStatement {
  package let fork: ForkRun

  package static let name = "start_fork"
  package static let sql = """
    WITH source AS MATERIALIZED (
      SELECT r.namespace, r.workflow_type, r.task_queue, r.priority, r.tags, r.headers, r.policy, r.timeout_ms,
             coalesce($5::bytea, r.input) AS input, coalesce(g.opened_seq, s.scheduled_seq) AS from_seq
        FROM kagzi.runs r JOIN kagzi.steps s ON s.run_id = r.run_id AND s.step_key = $6
        -- A member is asked for with its whole group.
        LEFT JOIN kagzi.groups g ON g.run_id = s.run_id AND g.group_key = s.group_key
       WHERE r.run_id = $1
         AND NOT EXISTS (SELECT FROM kagzi.runs k WHERE k.namespace = r.namespace AND k.request_id = $7 OFFSET 0)
    ),
    joined AS MATERIALIZED (
      SELECT g.* FROM source f, kagzi.groups g WHERE g.run_id = $1 AND g.verdict = 1 AND g.opened_seq < f.from_seq
    ),
    kept AS MATERIALIZED (
      SELECT s.* FROM source f, kagzi.steps s
       WHERE s.run_id = $1
         AND CASE WHEN EXISTS (SELECT FROM joined j WHERE j.group_key = s.group_key) THEN s.state >= 5
               ELSE s.state = 5 AND s.scheduled_seq < f.from_seq END
    ),
    opened AS (
      INSERT INTO kagzi.open_runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq, ready_at,
        timeout_at, due_at)
      SELECT $2, f.namespace, $3, f.workflow_type, $4, f.task_queue, f.priority, 1,
             1 + greatest((SELECT max(greatest(k.scheduled_seq, k.settled_seq)) FROM kept k), (SELECT max(j.resolved_seq) FROM joined j), 0),
             statement_timestamp(),
             statement_timestamp() + f.timeout_ms * interval '1 ms', statement_timestamp() + f.timeout_ms * interval '1 ms'
        FROM source f
      ON CONFLICT (namespace, workflow_id) DO NOTHING
      RETURNING run_id
    ),
    created AS (
      INSERT INTO kagzi.runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, request_id, tags, headers, input,
        policy, timeout_ms, related_run_id, created_at)
      SELECT $2, f.namespace, $3, f.workflow_type, $4, f.task_queue, f.priority, $7, f.tags, f.headers, f.input, f.policy,
             f.timeout_ms, $1, statement_timestamp()
        FROM source f, opened o
    ),
    copied_groups AS (
      INSERT INTO kagzi.groups (
        run_id, group_key, strategy, member_count, quorum, max_concurrency, parent_step, opened_seq, opened_at, succeeded,
        failed, has_tasks, verdict, resolved_at, resolved_seq, winner, failed_step)
      SELECT $2, j.group_key, j.strategy, j.member_count, j.quorum, j.max_concurrency, j.parent_step, j.opened_seq,
             j.opened_at, j.succeeded, j.failed, j.has_tasks, j.verdict, j.resolved_at, j.resolved_seq, j.winner, j.failed_step
        FROM joined j, opened o
    ),
    copied AS (
      INSERT INTO kagzi.steps (
        run_id, step_key, kind, state, attempt, scheduled_seq, settled_seq, group_key, activity_type, activity_version,
        namespace, task_queue, priority, input, output, failure, policy, progress, scheduled_at, started_at, settled_at, settled_by,
        signal_name, child_run_id)
      SELECT $2, k.step_key, k.kind, k.state, k.attempt, k.scheduled_seq, k.settled_seq, k.group_key, k.activity_type,
             k.activity_version, k.namespace, k.task_queue, k.priority, k.input, k.output, k.failure, k.policy, k.progress,
             k.scheduled_at, k.started_at, k.settled_at, k.settled_by, k.signal_name, k.child_run_id
        FROM kept k, opened o
    )
    SELECT run_id FROM opened
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(fork.source)
    parameters.bind(fork.runID)
    parameters.bind(fork.workflowID)
    parameters.bind(fork.workflowVersion)
    parameters.bind(fork.input)
    parameters.bind(fork.fromStep)
    parameters.bind(fork.requestID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
