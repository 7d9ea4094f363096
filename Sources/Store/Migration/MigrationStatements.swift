internal import Postgres

/// The key of the advisory lock under which one migrator at a time works; "kagzi" in ASCII.
private let migrationLock: Int64 = 0x6b61_677a_69

/// Takes the lock if it is free; it ends with the session.
internal struct TryMigrationLock: PostgresStatement {
  static var name: String { "" }
  static var sql: String { "SELECT pg_try_advisory_lock($1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(migrationLock) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { try row.bool(0) }
}

/// Waits for the lock.
internal struct WaitForMigrationLock: PostgresStatement {
  typealias Row = Bool
  static var name: String { "" }
  static var sql: String { "SELECT pg_advisory_lock($1) IS NOT NULL" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(migrationLock) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { true }
}

internal struct ReleaseMigrationLock: PostgresStatement {
  static var name: String { "" }
  static var sql: String { "SELECT pg_advisory_unlock($1)" }
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(migrationLock) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { try row.bool(0) }
}

/// SHA-256 of each text, by the server, so that this binary needs no cryptography of its own.
internal struct ComputeChecksums: PostgresStatement {
  let texts: [String]
  static var name: String { "" }
  static var sql: String {
    """
    SELECT encode(sha256(convert_to(text, 'UTF8')), 'hex')
      FROM unnest($1::text[]) WITH ORDINALITY AS given (text, place)
     ORDER BY place
    """
  }
  func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(texts) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}

/// A migration as the database remembers it.
internal struct AppliedMigration: Sendable {
  let version: Int
  let name: String
  let checksum: String
}

internal struct ListAppliedMigrations: PostgresStatement {
  static var name: String { "" }
  static var sql: String { "SELECT version, name, checksum FROM kagzi.schema_migrations ORDER BY version" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> AppliedMigration {
    AppliedMigration(version: try row.int(0), name: try row.string(1), checksum: try row.string(2))
  }
}

internal struct RecordMigration: PostgresStatement {
  typealias Row = Void
  let migration: AppliedMigration
  static var name: String { "" }
  static var sql: String { "INSERT INTO kagzi.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)" }
  func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(Int32(migration.version))
    parameters.bind(migration.name)
    parameters.bind(migration.checksum)
  }
}
