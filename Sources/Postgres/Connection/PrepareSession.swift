/// Sets what every session of ours needs, and reads when its server process started.
///
/// A backend whose client is gone ends its statement within 5 s instead of holding locks to its end.
internal struct PrepareSession: PostgresStatement {
  static var name: String { "" }
  static var sql: String {
    """
    SELECT backend_start
      FROM pg_stat_activity,
           set_config('client_connection_check_interval', '5s', false) AS client_check,
           set_config('timezone', 'UTC', false) AS zone,
           set_config('jit', 'off', false) AS compilation
     WHERE pid = pg_backend_pid()
    """
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> PostgresTimestamp {
    try row.timestamp(0)
  }
}
