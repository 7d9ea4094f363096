import Foundation
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@Suite("The migrator", .timeLimit(.minutes(2)))
struct MigratorTests {
  private let steps = [
    Migration(version: 1, name: "first", sql: "CREATE TABLE kagzi.a (id int); INSERT INTO kagzi.a VALUES (1);"),
    Migration(version: 2, name: "second", sql: "ALTER TABLE kagzi.a ADD COLUMN note text DEFAULT 'ü';"),
  ]

  private func migrator(_ database: TestDatabase, _ migrations: [Migration]) -> Migrator {
    Migrator(database.configuration, migrations: migrations, logger: TestCluster.logger)
  }

  @Test("brings an empty database to the latest version, and does nothing the second time")
  func emptyToLatest() async throws {
    try await withDatabase { database in
      let migrator = Migrator(database.configuration, logger: TestCluster.logger)
      let progress = Mutex<[MigrationProgress]>([])
      let latest = Migration.embedded.count
      #expect(try await migrator.run { step in progress.withLock { $0.append(step) } } == latest)
      #expect(progress.withLock { $0.last } == .finished(version: latest, applied: latest))
      try await migrator.run { step in progress.withLock { $0.append(step) } }
      #expect(progress.withLock { $0.last } == .finished(version: latest, applied: 0))
    }
  }

  @Test("applies only what is missing to an older database and keeps its data")
  func olderToLatest() async throws {
    try await withDatabase { database in
      #expect(try await migrator(database, [steps[0]]).run() == 1)
      #expect(try await migrator(database, steps).run() == 2)
      let notes = try await database.withConnection { try $0.execute(ListNotes()).rows }
      #expect(notes == ["ü"])
    }
  }

  @Test("lets many coordinators start at once on an empty database")
  func race() async throws {
    try await withDatabase { database in
      let applied = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 {
          group.addTask {
            let count = Mutex(0)
            try await migrator(database, steps).run {
              if case .finished(_, let applied) = $0 { count.withLock { $0 = applied } }
            }
            return count.withLock { $0 }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(applied.sorted() == [0, 0, 0, 0, 0, 0, 0, 2])
    }
  }

  @Test("refuses a migration that was changed after it was applied")
  func changed() async throws {
    try await withDatabase { database in
      try await migrator(database, steps).run()
      let edited = [Migration(version: 1, name: "first", sql: steps[0].sql + " "), steps[1]]
      let error = await #expect(throws: MigrationError.self) { try await migrator(database, edited).run() }
      #expect(error.map { "\($0)".contains("migration 1 (first) was applied") } == true)
    }
  }

  @Test("refuses a database that is newer than the binary")
  func newer() async throws {
    try await withDatabase { database in
      try await migrator(database, steps).run()
      let error = await #expect(throws: MigrationError.self) { try await migrator(database, [steps[0]]).run() }
      #expect(error.map { "\($0)".contains("is at version 2") } == true)
    }
  }

  @Test("applies nothing of a migration that fails, and says which it was")
  func failing() async throws {
    try await withDatabase { database in
      let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE kagzi.b (id int); SELECT 1 / 0;")
      let error = await #expect(throws: MigrationError.self) {
        try await migrator(database, [steps[0], broken]).run()
      }
      #expect(error.map { "\($0)".contains("migration 2 (broken) failed") } == true)
      let version = try await migrator(database, steps).run()
      #expect(version == 2)
    }
  }

  @Test("says that the database cannot be reached")
  func unreachable() async throws {
    let configuration = PostgresConfiguration(connectionString: "host=127.0.0.1 port=1 dbname=x")
    await #expect(throws: MigrationError.self) {
      try await Migrator(configuration, migrations: steps, logger: TestCluster.logger).run()
    }
  }

  @Test("holds exactly the files of Migrations/")
  func embeddedIsFresh() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Migrations")
      .standardized
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
      .sorted()
    #expect(
      files == Migration.embedded.map { "\(String("000\($0.version)".suffix(4)))_\($0.name).sql" },
      "run Migrations/embed.sh")
    for (file, migration) in zip(files, Migration.embedded) {
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      #expect(text == migration.sql + "\n", "run Migrations/embed.sh: \(file) has changed")
    }
  }
}

private struct ListNotes: PostgresStatement {
  static var name: String { "list_notes" }
  static var sql: String { "SELECT note FROM kagzi.a" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
