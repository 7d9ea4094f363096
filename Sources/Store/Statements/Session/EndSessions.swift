package import Engine
package import Postgres

/// Ends one session in good order: its worker is STOPPED. A row comes back if it was open.
package struct EndSession: PostgresStatement {
  package let sessionID: SessionID
  package let reason: String

  package init(sessionID: SessionID, reason: String) {
    self.sessionID = sessionID
    self.reason = reason
  }

  package static let name = "end_session"
  /// A worker that leaves without having said that it drains was asked to all the same: both events are written.
  package static let sql = """
    WITH ended AS (
      UPDATE kagzi.sessions k SET ended_at = statement_timestamp(), end_reason = $2
       WHERE k.session_id = $1 AND k.ended_at IS NULL
      RETURNING k.session_id, k.namespace, k.worker_id
    ),
    registered AS MATERIALIZED (
      SELECT w.namespace, w.worker_id, w.session_id, w.status
        FROM ended e JOIN kagzi.workers w ON w.namespace = e.namespace AND w.worker_id = e.worker_id
       WHERE w.session_id = e.session_id
         FOR UPDATE OF w
    ),
    worker AS (
      UPDATE kagzi.workers w SET status = 3, status_reason = $2, ended_at = statement_timestamp() FROM registered r
       WHERE w.namespace = r.namespace AND w.worker_id = r.worker_id AND r.status < 3
    ),
    event AS (
      INSERT INTO kagzi.worker_events (namespace, worker_id, session_id, kind, at, message)
      SELECT r.namespace, r.worker_id, r.session_id, 2, statement_timestamp(), $2 FROM registered r WHERE r.status = 1
      UNION ALL
      SELECT e.namespace, e.worker_id, e.session_id, 3, statement_timestamp(), $2 FROM ended e
    )
    SELECT session_id FROM ended
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(sessionID)
    parameters.bind(reason)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> SessionID { try row.id(0) }
}

/// Ends sessions whose lease had lapsed at a moment of the database's clock. At least one row comes back: each says what that
/// clock shows.
package struct EndLapsedSessions: PostgresStatement {
  /// Heartbeats that came until then were written. Nil: it is not known, and nothing ends.
  package let moment: PostgresTimestamp?
  /// Ends the sessions of this coordinator only; nil: those of all, dead ones included.
  package let coordinatorID: UUID?

  package init(asOf moment: PostgresTimestamp?, of coordinatorID: UUID? = nil) {
    self.moment = moment
    self.coordinatorID = coordinatorID
  }

  package struct Row: Sendable {
    package var sessionID: SessionID?
    package var now: PostgresTimestamp
  }

  package static let name = "end_lapsed_sessions"
  package static let sql = """
    WITH lapsed AS (
      SELECT session_id FROM kagzi.sessions
       WHERE ended_at IS NULL AND expires_at < statement_timestamp() AND expires_at < $1 AND ($2::uuid IS NULL OR coordinator_id = $2)
       ORDER BY session_id LIMIT 1000 FOR UPDATE OF sessions SKIP LOCKED
    ),
    ended AS (
      UPDATE kagzi.sessions k SET ended_at = statement_timestamp(), end_reason = 'the lease lapsed: no heartbeat came'
        FROM lapsed l WHERE k.session_id = ANY (ARRAY[l.session_id])
      RETURNING k.session_id, k.namespace, k.worker_id, format('the lease of %s ms lapsed: the last heartbeat came %s ms ago',
        k.lease_ms, (extract(epoch FROM statement_timestamp() - k.beat_at) * 1000)::bigint) AS message
    ),
    worker AS (
      UPDATE kagzi.workers w SET status = 4, status_reason = e.message, ended_at = statement_timestamp() FROM ended e
       WHERE w.namespace = e.namespace AND w.worker_id = e.worker_id AND w.session_id = e.session_id AND w.status < 3
    ),
    event AS (
      INSERT INTO kagzi.worker_events (namespace, worker_id, session_id, kind, at, message)
      SELECT e.namespace, e.worker_id, e.session_id, 4, statement_timestamp(), e.message FROM ended e ORDER BY e.session_id
    )
    SELECT e.session_id, t.now FROM (SELECT statement_timestamp() AS now) t LEFT JOIN ended e ON true
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(moment)
    parameters.bind(coordinatorID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(sessionID: try row.optionalID(0), now: try row.timestamp(1))
  }
}
