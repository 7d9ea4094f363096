package import Engine
package import Postgres

/// What became of a workflow task whose lease did not hold.
package struct LookAtRun: LookupStatement {
  package let runID: RunID

  package init(runID: RunID) { self.runID = runID }

  package struct Row: Sendable {
    /// Nil while the run is open.
    package var closedStatus: RunStatus?
    package var closingEpoch: Int32?
    package var reportedEpoch: Int32?
    package var workerID: String?
    package var isLeased: Bool
  }

  package static let name = "look_at_run"
  package static let sql = """
    SELECT r.status, r.closing_epoch, o.reported_epoch, k.worker_id, coalesce(o.leased, false)
      FROM kagzi.runs r
      LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id
      LEFT JOIN kagzi.sessions k ON k.session_id = o.session_id
     WHERE r.run_id = $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(runID) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      closedStatus: try row.optionalInt16(0).flatMap(RunStatus.init(rawValue:)), closingEpoch: try row.optionalInt32(1),
      reportedEpoch: try row.optionalInt32(2), workerID: try row.optionalString(3), isLeased: try row.bool(4))
  }
}
