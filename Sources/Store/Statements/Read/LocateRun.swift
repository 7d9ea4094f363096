package import Engine
package import Postgres

/// What steering a run needs to know of it: by run id, or by workflow id the open one, else the newest closed one.
package struct LocateRun: LookupStatement {
  package let namespace: String
  package let runID: RunID?
  package let workflowID: String?

  package init(namespace: String, runID: RunID?, workflowID: String?) {
    self.namespace = namespace
    self.runID = runID
    self.workflowID = workflowID
  }

  package struct Row: Sendable {
    package var run: RunReference
    /// Nil while the run is open.
    package var closedStatus: RunStatus?
    /// Whether the run waits, so that news would have it handed out.
    package var isWaiting: Bool
  }

  package static let name = "locate_run"
  package static let sql = """
    SELECT r.run_id, r.namespace, r.workflow_id, r.workflow_type, coalesce(o.workflow_version, r.workflow_version),
           r.task_queue, r.priority, CASE WHEN o.sticky THEN o.session_id END, r.status, coalesce(o.status = 3, false)
      FROM kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
     WHERE r.namespace = $1 AND r.run_id = coalesce($2,
             (SELECT run_id FROM kagzi.open_runs WHERE namespace = $1 AND workflow_id = $3),
             (SELECT run_id FROM kagzi.runs WHERE namespace = $1 AND workflow_id = $3 ORDER BY run_id DESC LIMIT 1))
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(runID)
    parameters.bind(workflowID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      run: RunReference(
        runID: try row.id(0), namespace: try row.string(1), workflowID: try row.string(2),
        workflowType: try row.string(3),
        workflowVersion: try row.int32(4), taskQueue: try row.string(5), priority: try row.int16(6), headers: nil,
        stickySession: try row.optionalID(7)),
      closedStatus: try row.optionalInt16(8).flatMap(RunStatus.init(rawValue:)), isWaiting: try row.bool(9))
  }
}
