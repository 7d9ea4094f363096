package import Engine
package import Postgres

/// Open runs by namespace and status; those that only timers keep waiting are not told apart. A scan: see `Store.readScanning`.
package struct CountOpenRunsByStatus: PostgresStatement {
  /// Nil: every namespace.
  package let namespace: String?

  package init(namespace: String?) { self.namespace = namespace }

  package struct Row: Sendable {
    package var namespace: String
    package var status: RunStatus
    package var count: Int
    /// One reason of those that have one, such as why a run is paused.
    package var reason: String?
    package var exampleRunID: RunID?
  }

  package static let name = "count_open_runs_by_status"
  package static let sql = """
    SELECT o.namespace, o.status, count(*), min(o.status_reason) FILTER (WHERE o.status = 5),
           (array_agg(o.run_id) FILTER (WHERE o.status = 5))[1]
      FROM kagzi.open_runs o
     WHERE $1::text IS NULL OR o.namespace = $1
     GROUP BY 1, 2
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(namespace) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let status = RunStatus(rawValue: try row.int16(1)) else { throw .malformed(column: 1) }
    return Row(
      namespace: try row.string(0), status: status, count: try row.int(2), reason: try row.optionalString(3),
      exampleRunID: try row.optionalID(4))
  }
}
