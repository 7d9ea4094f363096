package import Logging
internal import PostgresCluster

/// A coordinator with a private Postgres cluster of its own in a folder; it needs no other set-up and stops both.
package struct DevServer: Sendable {
  private let dataDirectory: String
  private let settings: CoordinatorServer.Settings
  private let logger: Logger

  /// - Parameter settings: the server's; its database is replaced by the private cluster's.
  package init(dataDirectory: String, settings: CoordinatorServer.Settings, logger: Logger) {
    self.dataDirectory = dataDirectory
    self.settings = settings
    self.logger = logger
  }

  /// Starts the cluster, made if need be, serves as `CoordinatorServer.run` does, then stops the cluster.
  package func run(
    onPages: @escaping @Sendable (String) -> Void = { _ in }, onListening: @escaping @Sendable (String) -> Void
  ) async throws {
    let cluster = PostgresCluster(PostgresClusterConfiguration(folder: dataDirectory), logger: logger)
    try await cluster.start()
    var settings = settings
    settings.databaseURL = cluster.connectionString
    do {
      try await CoordinatorServer(settings: settings, logger: logger).run(onPages: onPages, onListening: onListening)
    } catch {
      await cluster.stop()
      throw error
    }
    await cluster.stop()
  }
}
