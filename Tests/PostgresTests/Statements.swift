import Postgres

/// A statement without parameters, not prepared, whose rows are thrown away.
struct Echo: PostgresStatement {
  let value: Int64
  static var name: String { "echo" }
  static var sql: String { "SELECT $1::bigint" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(value) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64 { try row.int64(0) }
}

struct InsertNumber: PostgresStatement {
  typealias Row = Void
  let number: Int32
  static var name: String { "insert_number" }
  static var sql: String { "INSERT INTO numbers (number) VALUES ($1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(number) }
}

struct CountNumbers: PostgresStatement {
  static var name: String { "count_numbers" }
  static var sql: String { "SELECT count(*) FROM numbers" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}

struct Sleep: PostgresStatement {
  typealias Row = Void
  let seconds: Double
  static var name: String { "sleep" }
  static var sql: String { "SELECT pg_sleep($1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(seconds) }
}

struct CountSleepers: PostgresStatement {
  static var name: String { "count_sleepers" }
  static var sql: String {
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()"
  }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}

struct NotifyChannel: PostgresStatement {
  typealias Row = Void
  let payload: String
  static var name: String { "notify" }
  static var sql: String { "SELECT pg_notify('news', $1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(payload) }
}
