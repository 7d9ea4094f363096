package import Engine
package import Postgres

/// Renews the leases of sessions that beat. A row comes back for each that is still open.
package struct RenewSessions: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package static let name = "renew_sessions"
  package static let sql = """
    UPDATE kagzi.sessions k SET beat_at = statement_timestamp(), expires_at = statement_timestamp() + k.lease_ms * interval '1 ms'
      FROM (SELECT * FROM unnest($1::uuid[]) AS i (session_id) ORDER BY session_id) i
     WHERE k.session_id = ANY (ARRAY[i.session_id]) AND k.ended_at IS NULL
    RETURNING k.session_id
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> SessionID { try row.id(0) }
}
