internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import NIOPosix
internal import ServiceLifecycle
package import Services

/// The coordinator's pages for operators and their tools, over plain HTTP on a listener of their own: `/healthz`, `/readyz`,
/// `/metrics` and a dashboard at `/`. All of them only read.
///
/// Nothing here asks who calls: the listener belongs on loopback or a network that only operators reach.
package struct OperatorPages: Service {
  /// Where to listen, and what to do when the port is taken.
  package struct Settings: Sendable, Hashable {
    package var host: String
    /// 0: any free port.
    package var port: Int
    /// Whether any free port will do when this one is taken, because nobody asked for it.
    package var isPortNegotiable: Bool

    package init(host: String, port: Int, isPortNegotiable: Bool = false) {
      self.host = host
      self.port = port
      self.isPortNegotiable = isPortNegotiable
    }
  }

  /// Connections at once; more wait to be accepted.
  static let maxConnections = 256
  /// A connection without a request for this long is closed.
  static let idleTimeout = TimeAmount.seconds(60)

  private let settings: Settings
  private let coordinator: Coordinator
  private let group: MultiThreadedEventLoopGroup
  private let logger: Logger
  private let onListening: @Sendable (String) -> Void

  /// - Parameter onListening: called once, with `host:port`, when requests can come.
  package init(
    settings: Settings, coordinator: Coordinator, group: MultiThreadedEventLoopGroup, logger: Logger,
    onListening: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.coordinator = coordinator
    self.group = group
    self.logger = logger
    self.onListening = onListening
  }

  /// Serves until shutdown.
  package func run() async throws {
    let history = ThroughputHistory()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await history.record(coordinator) }
      try await serve(history)
      tasks.cancelAll()
    }
  }

  private func serve(_ history: ThroughputHistory) async throws {
    do {
      try await application(port: settings.port, history).run()
    } catch let error as IOError where error.errnoCode == EADDRINUSE && settings.isPortNegotiable {
      logger.notice("another process listens there: taking a free port", metadata: ["port": "\(settings.port)"])
      try await application(port: 0, history).run()
    }
  }

  private func application(port: Int, _ history: ThroughputHistory) -> some ApplicationProtocol {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    let settings = settings
    let onListening = onListening
    return Application(
      router: OperatorRoutes(coordinator: coordinator, history: history).router,
      server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: port),
        availableConnectionsDelegate: .maximum(Self.maxConnections, logger: logger)),
      onServerRunning: { channel in
        onListening("\(settings.host):\(channel.localAddress?.port ?? port)")
      },
      eventLoopGroupProvider: .shared(group), logger: logger)
  }
}
