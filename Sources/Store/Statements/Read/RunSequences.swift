package import Engine
package import Postgres

/// The change counters of runs, open or closed.
package struct RunSequences: LookupStatement {
  package let runIDs: [RunID]

  package init(runIDs: [RunID]) { self.runIDs = runIDs }

  package static let name = "run_sequences"
  package static let sql = """
    SELECT r.run_id, coalesce(o.seq, r.seq, 0)
      FROM kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
     WHERE r.run_id = ANY ($1::uuid[])
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, sequence: Int64) {
    (try row.id(0), try row.int64(1))
  }
}
