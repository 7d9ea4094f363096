/// Ends another session of our own role, if it is still the one it was, and waits up to five seconds until it is gone.
internal struct EndBackend: PostgresStatement {
  let backend: PostgresBackend

  static var name: String { "" }
  static var sql: String {
    """
    SELECT pg_terminate_backend(pid, 5000)
      FROM pg_stat_activity
     WHERE pid = $1 AND backend_start = $2
    """
  }

  func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(backend.pid)
    parameters.bind(backend.startedAt)
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { try row.bool(0) }
}

extension PostgresConnection {
  /// Makes sure that an earlier session of ours does nothing any more, so that looking at the data settles its fate.
  ///
  /// - Returns: false when it was told to end but is still there: look later.
  package func end(_ backend: PostgresBackend) throws(PostgresError) -> Bool {
    try execute(EndBackend(backend: backend)).rows.allSatisfy { $0 }
  }
}
