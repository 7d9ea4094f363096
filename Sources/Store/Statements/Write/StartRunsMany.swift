package import Engine
package import Postgres

/// Starts runs. A row comes back for each that was started; the others met an open run, a seen request id, or a closed
/// run that their reuse policy respects, or their parent's step does not wait for them.
package struct StartRunsMany: PostgresStatement {
  package let runs: [StartRun]

  package static let name = "start_runs_many"
  package static let sql = statement(where: "")
  /// For children, and for workflow ids that may not be used again.
  private static let conditional = PostgresStatementText(
    name: "start_runs_many_conditionally",
    sql: statement(
      where: """
        AND (i.parent_run_id IS NULL
             OR (EXISTS (SELECT FROM kagzi.steps s
                          WHERE s.run_id = ANY (ARRAY[i.parent_run_id]) AND s.step_key = i.parent_step
                            AND s.child_run_id = i.run_id AND s.state = 3)
                 AND NOT EXISTS (SELECT FROM kagzi.runs r WHERE r.run_id = ANY (ARRAY[i.run_id]))))
        AND (i.reuse = 1 OR NOT EXISTS (
              SELECT FROM kagzi.runs r
               WHERE r.namespace = i.namespace AND r.workflow_id = i.workflow_id
                 AND (i.reuse = 3 OR (r.status IN (6, 11) AND NOT EXISTS (
                       SELECT FROM kagzi.runs later
                        WHERE later.namespace = r.namespace AND later.workflow_id = r.workflow_id
                          AND later.run_id > r.run_id)))))
        """))

  package var text: PostgresStatementText {
    let isConditional = runs.contains { $0.parent != nil || $0.reuse != .allow }
    return isConditional ? Self.conditional : PostgresStatementText(name: Self.name, sql: Self.sql)
  }

  private static func statement(where conditions: String) -> String {
    """
    WITH input AS (
      SELECT i.*, least(i.start_at, statement_timestamp() + i.start_delay_ms * interval '1 ms') AS resume_at,
             coalesce(greatest(i.start_at, statement_timestamp() + i.start_delay_ms * interval '1 ms') > statement_timestamp(), false) AS is_delayed
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::smallint[],
                    $8::text[], $9::jsonb[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[],
                    $15::timestamptz[], $16::smallint[], $17::uuid[], $18::uuid[], $19::text[], $20::smallint[])
             AS i (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, request_id,
                   tags, headers, input, policy, timeout_ms, start_delay_ms, start_at, reuse, reserved, parent_run_id,
                   parent_step, parent_close_policy)
       WHERE NOT EXISTS (SELECT FROM kagzi.runs r WHERE r.namespace = i.namespace AND r.request_id = i.request_id OFFSET 0)
         \(conditions)
    ),
    opened AS (
      INSERT INTO kagzi.open_runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq,
        leased, session_id, lease_epoch, lease_seq, leased_at, started_at, timeout_at, ready_at, resume_at, due_at,
        parent_run_id, parent_step)
      SELECT i.run_id, i.namespace, i.workflow_id, i.workflow_type, i.workflow_version, i.task_queue, i.priority,
             CASE WHEN i.reserved IS NULL THEN 1 ELSE 2 END, 1,
             i.reserved IS NOT NULL, i.reserved, CASE WHEN i.reserved IS NULL THEN 0 ELSE 1 END,
             CASE WHEN i.reserved IS NULL THEN 0 ELSE 1 END,
             CASE WHEN i.reserved IS NOT NULL THEN statement_timestamp() END, CASE WHEN i.reserved IS NOT NULL THEN statement_timestamp() END,
             statement_timestamp() + i.timeout_ms * interval '1 ms',
             CASE WHEN i.reserved IS NULL AND NOT i.is_delayed THEN statement_timestamp() END,
             CASE WHEN i.is_delayed THEN i.resume_at END,
             least(CASE WHEN i.is_delayed THEN i.resume_at END, statement_timestamp() + i.timeout_ms * interval '1 ms'), i.parent_run_id,
             i.parent_step
        FROM input i
       ORDER BY i.namespace, i.workflow_id
      ON CONFLICT (namespace, workflow_id) DO NOTHING
      RETURNING run_id
    ),
    created AS (
      INSERT INTO kagzi.runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, request_id, tags, headers,
        input, policy, timeout_ms, created_at, parent_run_id, parent_step, parent_close_policy)
      SELECT i.run_id, i.namespace, i.workflow_id, i.workflow_type, i.workflow_version, i.task_queue, i.priority,
             i.request_id, i.tags, i.headers, i.input, i.policy, i.timeout_ms, statement_timestamp(),
             i.parent_run_id, i.parent_step, i.parent_close_policy
        FROM input i FULL JOIN opened o ON o.run_id = i.run_id
       WHERE num_nulls(i.run_id, o.run_id) = 0
    )
    SELECT opened.run_id, statement_timestamp() FROM opened
    """
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(runs) { $0.runID }
    parameters.bindArray(runs) { $0.namespace }
    parameters.bindArray(runs) { $0.workflowID }
    parameters.bindArray(runs) { $0.workflowType }
    parameters.bindArray(runs) { $0.workflowVersion }
    parameters.bindArray(runs) { $0.taskQueue }
    parameters.bindArray(runs) { $0.priority }
    parameters.bindOptionalArray(runs) { $0.requestID }
    parameters.bindOptionalArray(runs) { $0.tags.map(PostgresJSONB.init) }
    parameters.bindOptionalArray(runs) { $0.headers }
    parameters.bindOptionalArray(runs) { $0.input }
    parameters.bindOptionalArray(runs) { $0.policy }
    parameters.bindOptionalArray(runs) { $0.timeoutMilliseconds }
    parameters.bindOptionalArray(runs) { $0.startDelayMilliseconds }
    parameters.bindOptionalArray(runs) { $0.startAtMicroseconds.map(PostgresTimestamp.init(microseconds:)) }
    parameters.bindArray(runs) { $0.reuse.rawValue }
    parameters.bindOptionalArray(runs) { $0.reservedSession }
    parameters.bindOptionalArray(runs) { $0.parent?.runID }
    parameters.bindOptionalArray(runs) { $0.parent?.stepKey }
    parameters.bindOptionalArray(runs) { $0.parent?.closePolicy.rawValue }
  }

  /// The run, and when it was created.
  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, createdAt: PostgresTimestamp) {
    (try row.id(0), try row.timestamp(1))
  }
}
