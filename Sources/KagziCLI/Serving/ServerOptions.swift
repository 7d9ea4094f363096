internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Server

/// The keys of the configuration as flags.
struct ServerOptions: ParsableArguments {
  @Option(help: .hidden) var databaseUrl: String?
  @Option(help: .hidden) var listen: String?
  @Option(help: .hidden) var httpListen: String?
  @Option(help: .hidden) var tlsCertificate: String?
  @Option(help: .hidden) var tlsPrivateKey: String?
  @Option(help: .hidden) var tlsClientCa: String?
  @Option(help: .hidden) var eventLoopThreads: String?
  @Option(help: .hidden) var lanes: String?
  @Option(help: .hidden) var readConnections: String?
  @Option(help: .hidden) var lookupConnections: String?
  @Option(help: .hidden) var maxMessageBytes: String?
  @Option(help: .hidden) var maxPayloadBytes: String?
  @Option(help: .hidden) var leaseDefault: String?
  @Option(help: .hidden) var acceptTimeout: String?
  @Option(help: .hidden) var cancelGrace: String?
  @Option(help: .hidden) var lossLimit: String?
  @Option(help: .hidden) var retentionInterval: String?
  @Option(help: .hidden) var drainTimeout: String?
  @Option(help: .hidden) var logLevel: String?
  @Option(help: "A JSON file with any of the keys (KAGZI_CONFIG).") var config: String?

  static let discussion = """
    Every key is a flag, a variable (KAGZI_ and the name in capitals, such as KAGZI_DATABASE_URL) and a key of the \
    JSON file; flags go before variables, variables before the file.

    \(ConfigurationKey.helpTable)
    """

  private var flags: [String: String] {
    let values = [
      "database-url": databaseUrl, "listen": listen, "http-listen": httpListen, "tls-certificate": tlsCertificate,
      "tls-private-key": tlsPrivateKey, "tls-client-ca": tlsClientCa, "event-loop-threads": eventLoopThreads,
      "lanes": lanes, "read-connections": readConnections, "lookup-connections": lookupConnections,
      "max-message-bytes": maxMessageBytes, "max-payload-bytes": maxPayloadBytes,
      "lease-default": leaseDefault, "accept-timeout": acceptTimeout, "cancel-grace": cancelGrace,
      "loss-limit": lossLimit, "retention-interval": retentionInterval, "drain-timeout": drainTimeout,
      "log-level": logLevel,
    ]
    return values.compactMapValues { $0 }
  }

  /// The configuration and the logger it asks for; warnings are logged.
  func read(needsDatabase: Bool) async throws -> (ServerConfiguration, Logger) {
    let environment = ProcessInfo.processInfo.environment
    let configuration: ServerConfiguration
    do {
      configuration = try await ServerConfiguration.read(
        flags: flags, environment: environment, file: config ?? environment["KAGZI_CONFIG"],
        needsDatabase: needsDatabase)
    } catch {
      throw Failed("\(error)")
    }
    var logger = Logger(label: "kagzi") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = configuration.logLevel
    for warning in configuration.warnings { logger.warning("\(warning)") }
    return (configuration, logger)
  }
}

/// Says where calls can come, on a line of its own that scripts wait for.
func announceListening(_ address: String) {
  print("kagzi: listening on \(address)")
  fflush(nil)
}

/// Says where the HTTP pages are.
func announcePages(_ address: String) {
  print("kagzi: dashboard at http://\(address)/")
  fflush(nil)
}
