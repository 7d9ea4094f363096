package import Engine
package import Postgres

/// The open run of a step's child, whatever run of its chain of continuations that is now.
package struct OpenChild: LookupStatement {
  package let parentRunID: RunID
  package let parentStep: String

  package init(parentRunID: RunID, parentStep: String) {
    self.parentRunID = parentRunID
    self.parentStep = parentStep
  }

  package struct Row: Sendable {
    package var run: RunReference
    package var policy: ParentClosePolicy
  }

  package static let name = "open_child"
  package static let sql = """
    SELECT o.run_id, o.namespace, o.workflow_id, o.workflow_type, o.workflow_version, o.task_queue, o.priority,
           CASE WHEN o.sticky THEN o.session_id END, r.parent_close_policy
      FROM kagzi.open_runs o JOIN kagzi.runs r ON r.run_id = o.run_id
     WHERE o.parent_run_id = $1 AND o.parent_step = $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(parentRunID)
    parameters.bind(parentStep)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let policy = ParentClosePolicy(rawValue: try row.int16(8)) else { throw .malformed(column: 8) }
    return Row(
      run: RunReference(
        runID: try row.id(0), namespace: try row.string(1), workflowID: try row.string(2),
        workflowType: try row.string(3),
        workflowVersion: try row.int32(4), taskQueue: try row.string(5), priority: try row.int16(6), headers: nil,
        stickySession: try row.optionalID(7)),
      policy: policy)
  }
}
