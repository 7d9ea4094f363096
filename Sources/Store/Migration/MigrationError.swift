package import Postgres

/// Why the schema was not brought up to date; the message says what to do.
package enum MigrationError: Error, Sendable {
  /// The database knows a migration that this binary does not.
  case databaseIsNewer(database: Int, binary: Int)
  /// An applied migration is not the one that this binary holds under that number.
  case changed(version: Int, name: String)
  /// A migration failed; what came before it stays applied.
  case failed(version: Int, name: String, cause: PostgresError)
  /// The database could not be asked.
  case unreachable(PostgresError)
}

extension MigrationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .databaseIsNewer(let database, let binary):
      "the database's schema is at version \(database), but this kagzi knows versions up to \(binary): run the newer kagzi"
    case .changed(let version, let name):
      "migration \(version) (\(name)) was applied to the database with another content or name than this kagzi holds: "
        + "run the kagzi that made the database, or one released after it"
    case .failed(let version, let name, let cause):
      "migration \(version) (\(name)) failed, and nothing of it was applied: \(cause)"
    case .unreachable(let cause):
      "the database could not be migrated: \(cause)"
    }
  }
}
