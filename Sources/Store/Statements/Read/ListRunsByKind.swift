package import Engine
package import Postgres

/// A page of the runs of a namespace, newest first, whatever else is stored: the newest of each kind, and of those the newest.
package struct ListRunsByKind: PostgresStatement {
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
    WITH RECURSIVE \(RunKinds.kinds),
    newest AS MATERIALIZED (
      SELECT n.run_id FROM kind k CROSS JOIN LATERAL (
        SELECT r.run_id FROM \(AllRuns.tables)
         WHERE r.workflow_type = k.type AND r.workflow_version = k.version AND \(RunSelection.condition)
           AND ($14::uuid IS NULL OR r.run_id < $14)
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
