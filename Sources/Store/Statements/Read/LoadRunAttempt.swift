package import Engine
package import Postgres

/// What the decision about another attempt of an open run needs.
package struct LoadRunAttempt: PostgresStatement {
  package let runID: RunID

  package init(runID: RunID) { self.runID = runID }

  package struct Row: Sendable {
    package var policy: [UInt8]?
    package var attempt: Int32
    /// Since the run's first attempt began.
    package var elapsedMilliseconds: Int64
    package var isCancelRequested: Bool
  }

  package static let name = "load_run_attempt"
  package static let sql = """
    SELECT r.policy, r.attempt,
           (extract(epoch FROM clock_timestamp() - coalesce(o.started_at, r.created_at)) * 1000)::bigint, o.cancel_requested
      FROM kagzi.runs r JOIN kagzi.open_runs o ON o.run_id = r.run_id
     WHERE r.run_id = $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(runID) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      policy: try row.optionalBytes(0), attempt: try row.int32(1), elapsedMilliseconds: try row.int64(2),
      isCancelRequested: try row.bool(3))
  }
}
