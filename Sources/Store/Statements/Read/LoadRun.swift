package import Engine
package import Postgres

/// One run by id, or by workflow id: the open one, else the newest closed one.
package struct LoadRun: LookupStatement {
  package let namespace: String
  package let runID: RunID?
  package let workflowID: String?

  package init(namespace: String, runID: RunID?, workflowID: String?) {
    self.namespace = namespace
    self.runID = runID
    self.workflowID = workflowID
  }

  package static let name = "load_run"
  package static let sql = """
    SELECT \(RunRow.columns), \(RunRow.payloadColumns)
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

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}
