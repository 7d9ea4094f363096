package import Engine
package import Postgres

/// The newest runs of a namespace by status: those that began at or after a run id, at most `limit` of them.
package struct CountRecentRuns: PostgresStatement {
  package let namespace: String
  package let since: RunID
  package let limit: Int

  package init(namespace: String, since: RunID, limit: Int) {
    self.namespace = namespace
    self.since = since
    self.limit = limit
  }

  package static let name = "count_recent_runs"
  package static let sql = """
    SELECT status, count(*) FROM (
      SELECT coalesce(r.status, o.status, 2) AS status
        FROM kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
       WHERE r.namespace = $1 AND r.run_id >= $2
       ORDER BY r.run_id DESC
       LIMIT $3
    ) AS recent
     GROUP BY status ORDER BY status
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(since)
    parameters.bind(limit)
  }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (status: RunStatus, count: Int) {
    guard let status = RunStatus(rawValue: Int16(try row.int32(0))) else { throw .malformed(column: 0) }
    return (status, try row.int(1))
  }
}

/// The newest runs that closed with a failure, cancelled ones left aside.
package struct ListFailedRuns: PostgresStatement {
  package let namespace: String
  package let limit: Int

  package init(namespace: String, limit: Int) {
    self.namespace = namespace
    self.limit = limit
  }

  package static let name = "list_failed_runs"
  package static let sql = """
    WITH newest AS MATERIALIZED (
      SELECT n.run_id FROM unnest('{7, 9, 10}'::smallint[]) AS wanted (status) CROSS JOIN LATERAL (
        SELECT run_id FROM kagzi.runs
         WHERE namespace = $1 AND failure IS NOT NULL AND failure_status = wanted.status
         ORDER BY run_id DESC LIMIT $2) n
       ORDER BY n.run_id DESC LIMIT $2
    )
    SELECT \(RunRow.columns), \(RunRow.noPayloadColumns)
      FROM newest n JOIN kagzi.runs r ON r.run_id = n.run_id LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
     ORDER BY r.run_id DESC
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}
