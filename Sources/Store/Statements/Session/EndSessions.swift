package import Engine
package import Postgres

/// Ends one session. A row comes back if it was open.
package struct EndSession: PostgresStatement {
  package let sessionID: SessionID
  package let reason: String
  /// 3 STOPPED, 4 CRASHED.
  package let workerStatus: Int16

  package init(sessionID: SessionID, reason: String, workerStatus: Int16) {
    self.sessionID = sessionID
    self.reason = reason
    self.workerStatus = workerStatus
  }

  package static let name = "end_session"
  package static let sql = """
    WITH ended AS (
      UPDATE kagzi.sessions SET ended_at = clock_timestamp(), end_reason = $2
       WHERE session_id = $1 AND ended_at IS NULL
      RETURNING session_id, namespace, worker_id
    ),
    worker AS (
      UPDATE kagzi.workers w SET status = $3 FROM ended e
       WHERE w.namespace = e.namespace AND w.worker_id = e.worker_id AND w.session_id = e.session_id
    )
    SELECT session_id FROM ended
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(sessionID)
    parameters.bind(reason)
    parameters.bind(workerStatus)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> SessionID { try row.id(0) }
}

/// Ends sessions whose lease has lapsed by the database's clock, those of dead coordinators included.
package struct EndLapsedSessions: PostgresStatement {
  package init() {}

  package static let name = "end_lapsed_sessions"
  package static let sql = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    lapsed AS (
      SELECT session_id FROM kagzi.sessions, clock WHERE ended_at IS NULL AND expires_at < clock.now
       ORDER BY session_id LIMIT 1000 FOR UPDATE OF sessions SKIP LOCKED
    ),
    ended AS (
      UPDATE kagzi.sessions k SET ended_at = clock.now, end_reason = 'the lease lapsed: no heartbeat came'
        FROM lapsed l, clock WHERE k.session_id = l.session_id
      RETURNING k.session_id, k.namespace, k.worker_id
    ),
    worker AS (
      UPDATE kagzi.workers w SET status = 4 FROM ended e
       WHERE w.namespace = e.namespace AND w.worker_id = e.worker_id AND w.session_id = e.session_id
    )
    SELECT session_id FROM ended
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> SessionID { try row.id(0) }
}
