package import Engine
package import Postgres

/// A page of a run's steps in the order they were scheduled.
package struct ListSteps: PostgresStatement {
  package let runID: RunID
  package let after: (sequence: Int64, key: String)
  package let limit: Int
  package let includesPayloads: Bool

  package init(runID: RunID, after: (sequence: Int64, key: String), limit: Int, includesPayloads: Bool) {
    self.runID = runID
    self.after = after
    self.limit = limit
    self.includesPayloads = includesPayloads
  }

  package static let name = "list_steps"
  package static let sql = """
    SELECT \(StepRow.columns),
           CASE WHEN $5 THEN s.input END, CASE WHEN $5 THEN s.output END, CASE WHEN $5 THEN s.progress END
      FROM kagzi.steps s
     WHERE s.run_id = $1 AND (s.scheduled_seq, s.step_key) > ($2, $3)
     ORDER BY s.scheduled_seq, s.step_key
     LIMIT $4
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(after.sequence)
    parameters.bind(after.key)
    parameters.bind(limit)
    parameters.bind(includesPayloads)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> StepRow { try StepRow(row) }
}
