package import Engine
package import Postgres

/// What decides whether an open run moves. No row: it is closed, or there is none.
package struct LoadSituation: PostgresStatement {
  package let runID: RunID

  package init(runID: RunID) { self.runID = runID }

  package struct Row: Sendable {
    package var wasTaken: Bool
    package var isLeased: Bool
    package var workerID: String?
    package var leasedAt: PostgresTimestamp?
    package var leaseUntil: PostgresTimestamp?
    package var readyAt: PostgresTimestamp?
    package var resumeAt: PostgresTimestamp?
    package var timeoutAt: PostgresTimestamp?
    package var cancelReason: String?
    package var cancelDeadlineAt: PostgresTimestamp?
    /// The failure of the last attempt of the run.
    package var lastFailure: [UInt8]?
    package var openSteps: Int64
  }

  package static let name = "load_situation"
  package static let sql = """
    SELECT o.lease_epoch > 0, o.leased, k.worker_id, o.leased_at, k.expires_at, o.ready_at, o.resume_at, o.timeout_at,
           o.cancel_reason, o.cancel_deadline_at,
           (SELECT a.failure FROM kagzi.step_attempts a WHERE a.run_id = o.run_id AND a.step_key = ''
             ORDER BY a.attempt DESC LIMIT 1),
           (SELECT count(*) FROM kagzi.steps s WHERE s.run_id = o.run_id AND s.state < 5)
      FROM kagzi.open_runs o LEFT JOIN kagzi.sessions k ON k.session_id = o.session_id
     WHERE o.run_id = $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(runID) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      wasTaken: try row.bool(0), isLeased: try row.bool(1), workerID: try row.optionalString(2),
      leasedAt: try row.optionalTimestamp(3), leaseUntil: try row.optionalTimestamp(4),
      readyAt: try row.optionalTimestamp(5), resumeAt: try row.optionalTimestamp(6),
      timeoutAt: try row.optionalTimestamp(7), cancelReason: try row.optionalString(8),
      cancelDeadlineAt: try row.optionalTimestamp(9), lastFailure: try row.optionalBytes(10),
      openSteps: try row.int64(11))
  }
}
