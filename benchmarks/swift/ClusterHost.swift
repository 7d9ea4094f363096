internal import Logging
internal import PostgresCluster

/// `cluster FOLDER [--setting value]…`: a private, durable Postgres cluster. Prints `ready CONNECTION-STRING`.
enum ClusterHost {
  static func run(_ arguments: BenchArguments) async throws {
    let termination = Termination()
    var logger = Logger(label: "cluster") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    var configuration = PostgresClusterConfiguration(folder: arguments.argument)
    configuration.settings.merge(arguments.settings) { $1 }
    let cluster = PostgresCluster(configuration, logger: logger)
    try await cluster.start()
    say("ready \(cluster.connectionString)")
    await termination.wait()
    await cluster.stop()
  }
}
