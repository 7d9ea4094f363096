internal import Postgres

extension PostgresCluster {
  internal func createDatabaseBlocking(_ name: String) throws {
    let configuration = PostgresConfiguration(connectionString: connectionString(database: "postgres"))
    let connection = try PostgresConnection(configuration, logger: logger)
    let quoted = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    try connection.executeScript("CREATE DATABASE \"\(quoted)\"")
  }

  internal func createDatabaseIfMissing() throws {
    do {
      try createDatabaseBlocking(configuration.database)
    } catch let error as PostgresError where error.sqlState?.rawValue == "42P04" {
      return  // it is there already
    }
  }
}
