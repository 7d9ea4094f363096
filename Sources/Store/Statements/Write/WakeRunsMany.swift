package import Engine
package import Postgres

/// Makes runs claimable whose own time has come. A row comes back for each.
package struct WakeRunsMany: PostgresStatement {
  package let runIDs: [RunID]

  package static let name = "wake_runs_many"
  package static let sql = """
    UPDATE kagzi.open_runs r SET
      ready_at = CASE WHEN r.leased OR r.status = 5 THEN NULL ELSE statement_timestamp() END,
      status = CASE WHEN r.status = 3 THEN 2 ELSE r.status END,
      news = r.news OR r.status = 5,
      resume_at = NULL,
      due_at = least(r.timeout_at, r.cancel_deadline_at)
    FROM (SELECT * FROM unnest($1::uuid[]) AS i (run_id) ORDER BY run_id) i
    WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.resume_at <= statement_timestamp()
    RETURNING r.run_id
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
