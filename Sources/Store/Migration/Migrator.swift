package import Logging
package import Postgres

/// Brings the schema up to date: any number of coordinators may do so at once, on an empty, an old or a current database.
package struct Migrator: Sendable {
  private let configuration: PostgresConfiguration
  private let migrations: [Migration]
  private let timeout: Duration
  private let logger: Logger

  /// - Parameters:
  ///   - migrations: in order, from version 1 without a gap. Default: those of this binary.
  ///   - timeout: how long to wait for another migrator, and how long one migration may take. Default 10 min.
  package init(
    _ configuration: PostgresConfiguration, migrations: [Migration] = Migration.embedded,
    timeout: Duration = .seconds(600), logger: Logger
  ) {
    precondition(migrations.map(\.version) == Array(1..<migrations.count + 1), "migrations are numbered 1, 2, 3, …")
    self.configuration = configuration
    self.migrations = migrations
    self.timeout = timeout
    self.logger = logger
  }

  /// Applies what is missing and returns the schema's version.
  ///
  /// - Parameter progress: called on the migrator's thread.
  /// - Throws: `MigrationError`.
  @discardableResult
  package func run(progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }) async throws -> Int {
    try await NativeThread.run(name: "pg-migrate") { try self.runBlocking(progress) }
  }

  private func runBlocking(_ progress: (MigrationProgress) -> Void) throws -> Int {
    do {
      let connection = try PostgresConnection(configuration, logger: logger)
      try lock(connection, progress)
      try connection.executeScript(Migrator.bookkeeping, timeout: timeout)
      let applied = try connection.execute(ListAppliedMigrations()).rows
      let checksums = try connection.execute(ComputeChecksums(texts: migrations.map(\.sql))).rows
      try check(applied, checksums)
      for (migration, checksum) in zip(migrations, checksums).dropFirst(applied.count) {
        try apply(migration, checksum, connection, progress)
      }
      try connection.execute(ReleaseMigrationLock())
      progress(.finished(version: migrations.count, applied: migrations.count - applied.count))
      return migrations.count
    } catch let error as PostgresError {
      throw MigrationError.unreachable(error)
    }
  }

  private static let bookkeeping = """
    CREATE SCHEMA IF NOT EXISTS kagzi;
    CREATE TABLE IF NOT EXISTS kagzi.schema_migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT versions_are_positive CHECK (version > 0)
    );
    """

  private func lock(_ connection: PostgresConnection, _ progress: (MigrationProgress) -> Void) throws(PostgresError) {
    guard try connection.execute(TryMigrationLock()).rows != [true] else { return }
    progress(.waitingForAnother)
    try connection.execute(WaitForMigrationLock(), timeout: timeout)
  }

  /// What is applied must be the beginning of what this binary holds, unchanged.
  private func check(_ applied: [AppliedMigration], _ checksums: [String]) throws(MigrationError) {
    for (index, record) in applied.enumerated() {
      guard index < migrations.count else {
        throw .databaseIsNewer(database: applied.last?.version ?? 0, binary: migrations.count)
      }
      let migration = migrations[index]
      let isSame = record.version == migration.version && record.name == migration.name
      guard isSame, record.checksum == checksums[index] else {
        throw .changed(version: record.version, name: record.name)
      }
    }
  }

  private func apply(
    _ migration: Migration, _ checksum: String, _ connection: PostgresConnection,
    _ progress: (MigrationProgress) -> Void
  ) throws(MigrationError) {
    progress(.applying(version: migration.version, name: migration.name))
    let record = AppliedMigration(version: migration.version, name: migration.name, checksum: checksum)
    do {
      try connection.withTransaction { connection in
        try connection.executeScript(migration.sql, timeout: timeout)
        try connection.execute(RecordMigration(migration: record))
      }
    } catch let error as PostgresError {
      throw .failed(version: migration.version, name: migration.name, cause: error)
    } catch {
      throw .unreachable(PostgresError(.protocolViolation, "\(error)", cause: error))
    }
    progress(.applied(version: migration.version, name: migration.name))
  }
}
