/// Sets what every session of ours needs, and reads when its server process started.
///
/// A backend whose client is gone ends its statement within 5 s instead of holding locks to its end.
internal struct PrepareSession: PostgresStatement {
  /// Settings beside our own, by name.
  let settings: [String: String]

  static var name: String { "" }
  static var sql: String {
    """
    SELECT backend_start
      FROM pg_stat_activity,
           set_config('client_connection_check_interval', '5s', false) AS client_check,
           set_config('timezone', 'UTC', false) AS zone,
           set_config('jit', 'off', false) AS compilation,
           (SELECT count(set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS s (name, value)) AS others
     WHERE pid = pg_backend_pid()
    """
  }

  func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(settings.keys)
    parameters.bindArray(settings.values)
  }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> PostgresTimestamp {
    try row.timestamp(0)
  }
}
