package import Engine
package import Postgres

/// Of activities that reports planned to hand out to reserved sessions, those that were not: recorded before, held back by
/// their group's limit or a pause, or cancelled at once because the group was resolved. Part of the reports' own transaction.
package struct FindKeptBack: PostgresStatement {
  package let steps: [(runID: RunID, key: String, sessionID: SessionID)]

  package static let name = "find_kept_back"
  package static let sql = """
    SELECT i.run_id, i.step_key
      FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS i (run_id, step_key, session_id)
      LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[i.run_id])
      LEFT JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
     WHERE s.state IS DISTINCT FROM 2 OR s.session_id IS DISTINCT FROM i.session_id OR s.lease_epoch <> o.step_epoch + 1
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(steps) { $0.runID }
    parameters.bindArray(steps) { $0.key }
    parameters.bindArray(steps) { $0.sessionID }
  }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (runID: RunID, key: String) {
    (try row.id(0), try row.string(1))
  }
}
