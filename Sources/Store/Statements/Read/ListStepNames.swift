package import Engine
package import Postgres

/// Keys, kinds and states of the steps of some runs.
package struct ListStepNames: PostgresStatement {
  package let runIDs: [RunID]

  package init(runIDs: [RunID]) { self.runIDs = runIDs }

  package static let name = "list_step_names"
  package static let sql = "SELECT run_id, step_key, kind, state FROM kagzi.steps WHERE run_id = ANY ($1)"

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, step: KnownSteps.Recorded) {
    guard let kind = StepKind(rawValue: try row.int16(2)) else { throw .malformed(column: 2) }
    guard let state = StepState(rawValue: try row.int16(3)) else { throw .malformed(column: 3) }
    return (
      try row.id(0),
      KnownSteps.Recorded(
        name: StepName(key: try row.string(1), kind: kind), hasOutcome: state == .completed || state == .failed)
    )
  }
}

/// What runs that began on a version have recorded: of the newest 200 that have recorded a step or completed, each key and
/// kind once. Those that were moved to it are left aside: they also hold steps of the version they began on.
package struct ListKnownSteps: PostgresStatement {
  package let namespace: String
  package let workflowType: String
  package let version: Int32

  package init(namespace: String, workflowType: String, version: Int32) {
    self.namespace = namespace
    self.workflowType = workflowType
    self.version = version
  }

  package struct Row: Sendable {
    /// How many runs were looked at; the same in every row.
    package var runs: Int
    /// Nil in the one row that comes when none of them has a step.
    package var step: StepName?
  }

  package static let name = "list_known_steps"
  package static let sql = """
    WITH newest AS MATERIALIZED (
      SELECT run_id, status FROM kagzi.runs
       WHERE namespace = $1 AND workflow_type = $2 AND workflow_version = $3 AND moved_from IS NULL
       ORDER BY run_id DESC LIMIT 2000
    ),
    telling AS MATERIALIZED (
      SELECT n.run_id FROM newest n
       WHERE n.status = 6 OR EXISTS (SELECT FROM kagzi.steps s WHERE s.run_id = n.run_id)
       LIMIT 200
    ),
    step AS (
      SELECT DISTINCT s.step_key, s.kind
        FROM telling t CROSS JOIN LATERAL (
          SELECT step_key, kind FROM kagzi.steps WHERE run_id = t.run_id LIMIT 5000) s
    )
    SELECT (SELECT count(*) FROM telling), step.step_key, step.kind
      FROM (SELECT) AS one LEFT JOIN step ON true
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(workflowType)
    parameters.bind(version)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runs = try row.int(0)
    guard let key = try row.optionalString(1) else { return Row(runs: runs, step: nil) }
    guard let kind = StepKind(rawValue: try row.int16(2)) else { throw .malformed(column: 2) }
    return Row(runs: runs, step: StepName(key: key, kind: kind))
  }
}
