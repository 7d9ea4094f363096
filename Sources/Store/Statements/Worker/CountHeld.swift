package import Engine
package import Postgres

/// How many tasks each of these sessions holds.
///
/// Held workflow tasks have no index: one would be rewritten each time a task is handed out or given back. They are found
/// by a scan of the open runs, once for all sessions; `Store.readScanning` allows it.
package struct CountHeld: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package struct Row: Sendable {
    package var sessionID: SessionID
    package var workflows: Int
    package var activities: Int
  }

  package static let name = "count_held"
  package static let sql = """
    SELECT session_id, sum(workflows)::bigint, sum(activities)::bigint
      FROM (
        SELECT o.session_id, count(*) AS workflows, 0 AS activities
          FROM kagzi.open_runs o WHERE o.leased AND o.session_id = ANY ($1::uuid[]) GROUP BY 1
        UNION ALL
        SELECT s.session_id, 0, count(*)
          FROM kagzi.steps s WHERE s.session_id = ANY ($1::uuid[]) GROUP BY 1
      ) AS held
     GROUP BY session_id
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(sessionID: try row.id(0), workflows: try row.int(1), activities: try row.int(2))
  }
}

/// Lets the rest of the transaction read tables from end to end: read connections plan by index look-ups only.
internal struct AllowScans: PostgresStatement {
  static let name = "allow_scans"
  static let sql = """
    SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true)
    """
  typealias Row = Void
}

extension Store {
  /// Runs a reading statement that may read tables from end to end, in a transaction of its own.
  package func readScanning<Statement: PostgresStatement & Sendable>(
    _ statement: Statement
  ) async throws(StoreError) -> [Statement.Row] {
    try await read { connection in
      let pipeline = PostgresPipeline()
      pipeline.add(AllowScans())
      let reply = pipeline.add(statement)
      try connection.execute(pipeline)
      return reply.rows
    }
  }
}
