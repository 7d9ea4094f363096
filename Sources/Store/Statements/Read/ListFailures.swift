package import Engine
package import Postgres

/// A page of runs that closed with a failure, newest first: the newest of each status, and of those the newest. Indexes of
/// failures, which no other run has to keep, serve it with a type and without.
package struct ListFailures: PostgresStatement {
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
    WITH newest AS MATERIALIZED (
      SELECT n.run_id FROM unnest($2::smallint[]) AS wanted (status) CROSS JOIN LATERAL (
        SELECT r.run_id FROM \(AllRuns.tables)
         WHERE r.failure IS NOT NULL AND r.failure_status = wanted.status AND \(RunSelection.condition)
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
