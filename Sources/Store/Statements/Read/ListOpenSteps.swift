package import Engine
package import Postgres

/// The steps of a run that are not settled, with who holds them; those that nobody holds first, then by when something is due.
package struct ListOpenSteps: PostgresStatement {
  package let runID: RunID
  package let limit: Int

  package init(runID: RunID, limit: Int) {
    self.runID = runID
    self.limit = limit
  }

  package struct Row: Sendable {
    package var step: StepRow
    package var namespace: String?
    package var readyAt: PostgresTimestamp?
    package var deadlineAt: PostgresTimestamp?
    package var isHeldBack: Bool
    package var workerID: String?
    package var leaseUntil: PostgresTimestamp?
  }

  package static let name = "list_open_steps"
  package static let sql = """
    SELECT \(StepRow.columns), NULL::bytea, NULL::bytea, NULL::bytea, s.namespace, s.ready_at, s.deadline_at,
           coalesce(s.is_held_back, false), k.worker_id, k.expires_at
      FROM kagzi.steps s LEFT JOIN kagzi.sessions k ON k.session_id = s.session_id
     WHERE s.run_id = $1 AND s.state < 5
     ORDER BY s.state = 2, s.due_at NULLS FIRST, s.scheduled_seq, s.step_key
     LIMIT $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      step: try StepRow(row), namespace: try row.optionalString(21), readyAt: try row.optionalTimestamp(22),
      deadlineAt: try row.optionalTimestamp(23), isHeldBack: try row.bool(24), workerID: try row.optionalString(25),
      leaseUntil: try row.optionalTimestamp(26))
  }
}
