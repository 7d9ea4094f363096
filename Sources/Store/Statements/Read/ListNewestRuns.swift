package import Engine
package import Postgres

/// Runs of one namespace among the newest of all, newest first: a page of them at best. Ids are in the order of creation, so
/// the primary key finds them; a namespace with few runs would have it look through those of all others, hence the bound.
package struct ListNewestRuns: PostgresStatement {
  package let selection: RunSelection
  package let before: RunID?
  package let limit: Int

  package init(selection: RunSelection, before: RunID?, limit: Int) {
    self.selection = selection
    self.before = before
    self.limit = limit
  }

  /// How many runs of all namespaces are looked through.
  private static let span = 10_000

  package static let name = ""
  package static let sql = """
    SELECT \(RunRow.columns), \(RunRow.noPayloadColumns)
      FROM (SELECT * FROM kagzi.runs WHERE $14::uuid IS NULL OR run_id < $14 ORDER BY run_id DESC LIMIT \(span)) r
      LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
     WHERE \(RunSelection.condition)
     ORDER BY r.run_id DESC
     LIMIT $15
    """

  package func bind(_ parameters: inout PostgresParameters) {
    selection.bind(&parameters)
    parameters.bind(before)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}
