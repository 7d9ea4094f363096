internal import Glibc
package import Logging
package import PostgresCluster

/// Postgres for tests: durable as in production, small, in a temporary folder.
package enum TestCluster {
  /// Warnings and worse are shown.
  package static let logger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .warning
    return logger
  }()

  package static var settings: [String: String] {
    var settings = PostgresClusterConfiguration.development
    settings["shared_buffers"] = "64MB"
    settings["max_connections"] = "200"
    return settings
  }

  /// A cluster that is not started yet.
  package static func make(folder: String? = nil, loopbackPort: Int? = nil) -> PostgresCluster {
    PostgresCluster(
      PostgresClusterConfiguration(
        folder: folder ?? TestFolder.new("cluster"), loopbackPort: loopbackPort, settings: settings,
        isInitializationSynced: false),
      logger: logger)
  }

  /// The cluster that all tests of this process share, started at its first use and removed when the process exits.
  package static func shared() async throws -> PostgresCluster { try await sharedStart.value }

  private static let sharedCluster = make(folder: TestFolder.new("shared"))

  private static let sharedStart = Task {
    atexit { TestCluster.discardShared() }
    try await sharedCluster.start()
    return sharedCluster
  }

  private static func discardShared() { sharedCluster.discardBlocking() }
}

/// Runs `body` with a started cluster of its own, for tests that kill it, and removes it.
package func withCluster<Result: Sendable>(
  loopbackPort: Int? = nil, _ body: (PostgresCluster) async throws -> Result
) async throws -> Result {
  let cluster = TestCluster.make(loopbackPort: loopbackPort)
  do {
    try await cluster.start()
    let result = try await body(cluster)
    cluster.discardBlocking()
    return result
  } catch {
    cluster.discardBlocking()
    throw error
  }
}
