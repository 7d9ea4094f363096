package import Postgres
package import PostgresCluster
internal import Synchronization

/// An empty database of the shared cluster.
package struct TestDatabase: Sendable {
  package let cluster: PostgresCluster
  package let name: String

  package var connectionString: String { cluster.connectionString(database: name) }
  package var configuration: PostgresConfiguration { PostgresConfiguration(connectionString: connectionString) }

  /// Runs `body` with a new connection on a thread of its own.
  package func withConnection<Result: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    let configuration = configuration
    return try await NativeThread.run(name: "test") {
      try body(try PostgresConnection(configuration, logger: TestCluster.logger))
    }
  }
}

private let databaseNumber = Atomic<Int>(0)

/// Runs `body` with a fresh database of the shared cluster; the cluster's end removes it.
package func withDatabase<Result: Sendable>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
  let cluster = try await TestCluster.shared()
  let name = "test_\(databaseNumber.add(1, ordering: .relaxed).newValue)"
  try await cluster.createDatabase(name)
  return try await body(TestDatabase(cluster: cluster, name: name))
}
