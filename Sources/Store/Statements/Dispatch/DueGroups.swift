package import Engine
package import Postgres

/// Groups whose deadline has passed by the database's clock, oldest first.
package struct DueGroups: PostgresStatement {
  package let limit: Int

  package init(limit: Int) { self.limit = limit }

  package struct Row: Sendable {
    package var runID: RunID
    package var groupKey: String
    package var run: RunReference?
  }

  package static let name = "due_groups"
  package static let sql = """
    SELECT g.run_id, g.group_key, o.namespace, o.workflow_id, o.workflow_type, o.workflow_version, o.task_queue, o.priority,
           CASE WHEN o.sticky THEN o.session_id END
      FROM kagzi.groups g LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[g.run_id])
     WHERE g.deadline_at <= clock_timestamp() AND g.verdict IS NULL
     ORDER BY g.deadline_at
     LIMIT $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(limit) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runID = try row.id(0)
    var run: RunReference?
    if let namespace = try row.optionalString(2) {
      run = RunReference(
        runID: runID, namespace: namespace, workflowID: try row.string(3), workflowType: try row.string(4),
        workflowVersion: try row.int32(5), taskQueue: try row.string(6), priority: try row.int16(7), headers: nil,
        stickySession: try row.optionalID(8))
    }
    return Row(runID: runID, groupKey: try row.string(1), run: run)
  }
}
