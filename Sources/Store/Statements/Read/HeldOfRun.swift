package import Engine
package import Postgres

/// The tasks of a run that sessions hold: its workflow task (no key) and its activities.
package struct HeldOfRun: LookupStatement {
  package let runID: RunID

  package init(runID: RunID) { self.runID = runID }

  package struct Row: Sendable {
    package var stepKey: String?
    package var sessionID: SessionID
    package var epoch: Int32
  }

  package static let name = "held_of_run"
  package static let sql = """
    SELECT NULL::text, session_id, lease_epoch FROM kagzi.open_runs WHERE run_id = $1 AND leased
    UNION ALL
    SELECT step_key, session_id, lease_epoch FROM kagzi.steps WHERE run_id = $1 AND session_id IS NOT NULL
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(runID) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(stepKey: try row.optionalString(0), sessionID: try row.id(1), epoch: try row.int32(2))
  }
}
