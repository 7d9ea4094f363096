package import Engine
package import Postgres

/// Runs by id, with their outcomes: what waiters are answered with.
package struct LoadRuns: LookupStatement {
  package let runIDs: [RunID]

  package init(runIDs: [RunID]) { self.runIDs = runIDs }

  package static let name = "load_runs"
  package static let sql = """
    SELECT \(RunRow.columns), \(RunRow.payloadColumns)
      FROM kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[r.run_id])
     WHERE r.run_id = ANY ($1)
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}
