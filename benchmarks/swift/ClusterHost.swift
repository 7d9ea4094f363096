internal import Glibc
internal import Logging
internal import PostgresCluster

/// `cluster FOLDER [--setting value]…`: a private, durable Postgres cluster. Prints `ready CONNECTION-STRING`, and again each
/// time that SIGUSR1 made it kill the server with all its children and start it anew.
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
    let kills = SignalStream(SIGUSR1)
    let killing = Task { [signals = kills.signals] in
      for await _ in signals {
        await cluster.kill9()
        do {
          try await cluster.restart()
          say("ready \(cluster.connectionString)")
        } catch {
          say("failed \(error)")
        }
      }
    }
    await termination.wait()
    killing.cancel()
    kills.close()
    await cluster.stop()
  }
}
