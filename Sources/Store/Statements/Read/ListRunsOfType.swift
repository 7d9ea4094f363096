package import Engine
package import Postgres

/// A page of the runs of one type: the newest of each of its versions, and of those the newest. An index that leads by
/// version serves both this and lists of one version.
package struct ListRunsOfType: PostgresStatement {
  package let selection: RunSelection
  package let before: RunID?
  package let limit: Int

  package init(selection: RunSelection, before: RunID?, limit: Int) {
    self.selection = selection
    self.before = before
    self.limit = limit
  }

  package static let name = ""
  package static let sql = """
    WITH RECURSIVE version (number) AS (
      SELECT (SELECT min(workflow_version) FROM kagzi.runs WHERE namespace = $1 AND workflow_type = $3)
      UNION ALL
      SELECT (SELECT min(workflow_version) FROM kagzi.runs
               WHERE namespace = $1 AND workflow_type = $3 AND workflow_version > v.number)
        FROM version v WHERE v.number IS NOT NULL
    ),
    newest AS MATERIALIZED (
      SELECT n.run_id FROM version v CROSS JOIN LATERAL (
        SELECT r.run_id FROM \(AllRuns.tables)
         WHERE r.workflow_version = v.number AND \(RunSelection.condition) AND ($14::uuid IS NULL OR r.run_id < $14)
         ORDER BY r.run_id DESC LIMIT $15) n
       ORDER BY n.run_id DESC LIMIT $15
    )
    SELECT \(RunRow.columns), \(RunRow.noPayloadColumns)
      FROM newest n JOIN kagzi.runs r ON r.run_id = n.run_id LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
     ORDER BY r.run_id DESC
    """

  package func bind(_ parameters: inout PostgresParameters) {
    selection.bind(&parameters)
    parameters.bind(before)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}
