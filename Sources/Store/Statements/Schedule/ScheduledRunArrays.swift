internal import Engine
internal import Postgres

/// The part of a statement that starts the runs of firings: parallel arrays from one parameter on, and the inserts.
internal enum ScheduledRunArrays {
  internal static let columns = """
    run_id, workflow_id, workflow_type, workflow_version, task_queue, priority, tags, headers, input, policy, timeout_ms
    """

  internal static func arrays(from base: Int) -> String {
    let types = [
      "uuid", "text", "text", "integer", "text", "smallint", "jsonb", "bytea", "bytea", "bytea", "bigint",
    ]
    return types.enumerated().map { "$\(base + $0.offset)::\($0.element)[]" }.joined(separator: ", ")
  }

  internal static func bind(_ starts: [StartRun?], _ parameters: inout PostgresParameters) {
    parameters.bindOptionalArray(starts) { $0?.runID }
    parameters.bindOptionalArray(starts) { $0?.workflowID }
    parameters.bindOptionalArray(starts) { $0?.workflowType }
    parameters.bindOptionalArray(starts) { $0?.workflowVersion }
    parameters.bindOptionalArray(starts) { $0?.taskQueue }
    parameters.bindOptionalArray(starts) { $0?.priority }
    parameters.bindOptionalArray(starts) { ($0?.tags).map(PostgresJSONB.init) }
    parameters.bindOptionalArray(starts) { $0?.headers }
    parameters.bindOptionalArray(starts) { $0?.input }
    parameters.bindOptionalArray(starts) { $0?.policy }
    parameters.bindOptionalArray(starts) { $0?.timeoutMilliseconds }
  }

  /// Common table expressions that start the runs of `source` for which `condition` holds: `opened` are those whose
  /// workflow id no open run held. They are left claimable: a schedule is in no hurry for a reserved slot.
  internal static func insert(from source: String, where condition: String) -> String {
    """
    opened AS (
      INSERT INTO kagzi.open_runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq, timeout_at,
        ready_at, due_at)
      SELECT w.run_id, w.namespace, w.workflow_id, w.workflow_type, w.workflow_version, w.task_queue, w.priority, 1, 1,
             statement_timestamp() + w.timeout_ms * interval '1 ms', statement_timestamp(), statement_timestamp() + w.timeout_ms * interval '1 ms'
        FROM \(source) w
       WHERE \(condition)
       ORDER BY w.namespace, w.workflow_id
      ON CONFLICT (namespace, workflow_id) DO NOTHING
      RETURNING run_id
    ),
    created AS (
      INSERT INTO kagzi.runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, tags, headers, input,
        policy, timeout_ms, created_at)
      SELECT w.run_id, w.namespace, w.workflow_id, w.workflow_type, w.workflow_version, w.task_queue, w.priority,
             w.tags, w.headers, w.input, w.policy, w.timeout_ms, statement_timestamp()
        FROM \(source) w FULL JOIN opened o ON o.run_id = w.run_id
       WHERE num_nulls(w.run_id, o.run_id) = 0
    )
    """
  }

  internal static let taken = "'workflow id ''' || w.workflow_id || ''' is held by another open run'"
}
