package import Engine
package import Postgres

/// Of the sessions given, the open ones that are with another coordinator.
package struct MovedSessions: PostgresStatement {
  package let sessionIDs: [SessionID]
  package let coordinatorID: UUID

  package init(sessionIDs: [SessionID], coordinatorID: UUID) {
    self.sessionIDs = sessionIDs
    self.coordinatorID = coordinatorID
  }

  package static let name = "moved_sessions"
  package static let sql = """
    SELECT session_id FROM kagzi.sessions
     WHERE session_id = ANY ($1::uuid[]) AND coordinator_id <> $2 AND ended_at IS NULL
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(sessionIDs)
    parameters.bind(coordinatorID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> SessionID {
    try row.id(0)
  }
}
