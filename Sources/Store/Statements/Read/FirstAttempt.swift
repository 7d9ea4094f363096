package import Engine
package import Postgres

/// When steps of a run first began, of those that have failed attempts: what time budgets are counted from. Asked for only
/// when an attempt failed under a policy with a budget.
package struct FirstAttempt: PostgresStatement {
  package let runID: RunID
  package let stepKeys: [String]

  package init(runID: RunID, stepKeys: [String]) {
    self.runID = runID
    self.stepKeys = stepKeys
  }

  /// The first of the failed attempts of a step `s` in the current attempt of its run.
  internal static let startedAt = """
    (SELECT min(a.started_at) FROM kagzi.step_attempts a
              WHERE a.run_id = s.run_id AND a.step_key = s.step_key
                AND a.seq > coalesce((SELECT b.attempt_seq FROM kagzi.open_runs b WHERE b.run_id = s.run_id), 0))
    """

  package static let name = "first_attempt"
  package static let sql = """
    SELECT s.step_key, (extract(epoch FROM clock_timestamp() - coalesce(\(startedAt), s.started_at, s.scheduled_at)) * 1000)::bigint
      FROM unnest($2::text[]) AS i (step_key) JOIN kagzi.steps s ON s.run_id = $1 AND s.step_key = i.step_key
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bindArray(stepKeys)
  }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (key: String, elapsedMilliseconds: Int64) {
    (try row.string(0), try row.int64(1))
  }
}
