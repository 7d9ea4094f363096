package import Engine
package import Postgres

/// A drain that a worker was asked for.
package struct DrainOrder: Sendable, Hashable {
  /// Tasks that run longer are given back. Nil: the worker's own setting.
  package var timeoutMilliseconds: Int64?
  package var reason: String
  /// Whether the worker itself said that it drains: it needs not be told.
  package var isOwn: Bool

  package init(timeoutMilliseconds: Int64?, reason: String, isOwn: Bool) {
    self.timeoutMilliseconds = timeoutMilliseconds
    self.reason = reason
    self.isOwn = isOwn
  }
}

/// Records that a worker is to drain. A row comes back if there is such a worker: how it stood before.
///
/// Asked again, the new timeout and reason hold; the event is written once.
package struct DrainWorker: PostgresStatement {
  package let namespace: String
  package let workerID: String
  package let order: DrainOrder

  package init(namespace: String, workerID: String, order: DrainOrder) {
    self.namespace = namespace
    self.workerID = workerID
    self.order = order
  }

  package struct Row: Sendable {
    package var sessionID: SessionID
    package var status: WorkerStatus
    package var statusReason: String
  }

  package static let name = "drain_worker"
  package static let sql = """
    WITH found AS MATERIALIZED (
      SELECT namespace, worker_id, session_id, status, status_reason FROM kagzi.workers
       WHERE namespace = $1 AND worker_id = $2
         FOR UPDATE
    ),
    worker AS (
      UPDATE kagzi.workers w SET
        status = 2, drain_requested_at = coalesce(w.drain_requested_at, statement_timestamp()), drain_timeout_ms = $3, status_reason = $4
      FROM found f
      WHERE w.namespace = f.namespace AND w.worker_id = f.worker_id AND f.status < 3
    ),
    event AS (
      INSERT INTO kagzi.worker_events (namespace, worker_id, session_id, kind, at, message)
      SELECT f.namespace, f.worker_id, f.session_id, 2, statement_timestamp(), $4 FROM found f WHERE f.status = 1
    )
    SELECT session_id, status, coalesce(status_reason, '') FROM found
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(workerID)
    parameters.bind(order.timeoutMilliseconds)
    parameters.bind(order.reason)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let status = WorkerStatus(rawValue: try row.int16(1)) else { throw .malformed(column: 1) }
    return Row(sessionID: try row.id(0), status: status, statusReason: try row.string(2))
  }
}

/// Records that a worker says it drains. Changes nothing when it was asked to before, or has ended.
package struct NoteDraining: PostgresStatement {
  package let sessionID: SessionID
  package let reason: String

  package init(sessionID: SessionID, reason: String) {
    self.sessionID = sessionID
    self.reason = reason
  }

  package static let name = "note_draining"
  package static let sql = """
    WITH worker AS (
      UPDATE kagzi.workers w SET status = 2, drain_requested_at = statement_timestamp(), drains_by_itself = true, status_reason = $2
        FROM kagzi.sessions k
       WHERE k.session_id = $1 AND k.ended_at IS NULL AND w.namespace = k.namespace AND w.worker_id = k.worker_id
         AND w.session_id = k.session_id AND w.status = 1
      RETURNING w.namespace, w.worker_id, w.session_id
    )
    INSERT INTO kagzi.worker_events (namespace, worker_id, session_id, kind, at, message)
    SELECT w.namespace, w.worker_id, w.session_id, 2, statement_timestamp(), $2 FROM worker w
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(sessionID)
    parameters.bind(reason)
  }

  package typealias Row = Void
}

/// Of the sessions given, those whose workers are to drain by somebody's order: the net under a lost announcement.
package struct DrainingSessions: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package static let name = "draining_sessions"
  package static let sql = """
    SELECT w.session_id, w.drain_timeout_ms, coalesce(w.status_reason, '')
      FROM kagzi.sessions k JOIN kagzi.workers w ON w.namespace = k.namespace AND w.worker_id = k.worker_id
     WHERE k.session_id = ANY ($1::uuid[]) AND w.session_id = k.session_id AND w.status = 2 AND NOT w.drains_by_itself
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (sessionID: SessionID, order: DrainOrder) {
    (
      try row.id(0),
      DrainOrder(timeoutMilliseconds: try row.optionalInt64(1), reason: try row.string(2), isOwn: false)
    )
  }
}
