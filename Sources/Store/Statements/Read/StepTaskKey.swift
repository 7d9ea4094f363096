package import Engine
package import Postgres

/// Which workers can do an activity step.
package struct StepTaskKey: LookupStatement {
  package let runID: RunID
  package let stepKey: String

  package init(runID: RunID, stepKey: String) {
    self.runID = runID
    self.stepKey = stepKey
  }

  package static let name = "step_task_key"
  package static let sql = """
    SELECT namespace, task_queue, activity_type, activity_version FROM kagzi.steps
     WHERE run_id = $1 AND step_key = $2 AND kind = 2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(stepKey)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> TaskKey {
    TaskKey(
      kind: .activity, namespace: try row.string(0), queue: try row.string(1), type: try row.string(2),
      version: try row.int32(3))
  }
}
