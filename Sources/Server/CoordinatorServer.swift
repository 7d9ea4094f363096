internal import Engine
internal import GRPC
package import Logging
internal import Maintenance
internal import Messages
internal import Meters
internal import NIOCore
internal import NIOPosix
package import OperatorHTTP
internal import Postgres
internal import ServiceLifecycle
package import Services
internal import Store
internal import UnixSignals

/// A coordinator that listens: the store, the services, maintenance and the gRPC server, wired under one ServiceGroup.
package struct CoordinatorServer: Sendable {
  /// What a server needs to know.
  package struct Settings: Sendable {
    package var databaseURL: String
    package var host = "127.0.0.1"
    /// 0: any free port.
    package var port = 7480
    package var tls: TLSFiles?
    package var eventLoopThreads = 2
    package var lanes = 2
    package var readConnections = 4
    package var lookupConnections = 2
    package var drainTimeout: Duration = .seconds(30)
    /// The HTTP pages for operators; nil: none.
    package var pages: OperatorPages.Settings?
    package var limits = CoordinatorLimits()

    package init(databaseURL: String) { self.databaseURL = databaseURL }
  }

  /// PEM files.
  package struct TLSFiles: Sendable {
    package var certificate: String
    package var privateKey: String
    package var clientAuthorities: String?

    package init(certificate: String, privateKey: String, clientAuthorities: String? = nil) {
      self.certificate = certificate
      self.privateKey = privateKey
      self.clientAuthorities = clientAuthorities
    }
  }

  private let settings: Settings
  private let logger: Logger

  package init(settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Migrates the database, serves until SIGTERM or SIGINT, then drains: workers are told to go on elsewhere, calls in
  /// flight finish, what was acknowledged is written.
  /// - Parameters:
  ///   - onPages: called once, with `host:port`, when the HTTP pages can be asked for, if there are any.
  ///   - onListening: called once, with `host:port`, when calls can come.
  package func run(
    onPages: @escaping @Sendable (String) -> Void = { _ in }, onListening: @escaping @Sendable (String) -> Void
  ) async throws {
    let database = PostgresConfiguration(connectionString: settings.databaseURL)
    let schemaVersion = try await Migrator(database, logger: logger).run()
    let store = Store(
      database,
      connections: .init(
        lanes: settings.lanes, reads: settings.readConnections, lookups: settings.lookupConnections),
      logger: logger, delivering: { LoopHandover.gathering($0) })
    let probe = DatabaseProbe(database, logger: logger)
    // Its first look is where the count of WAL begins: before the first workflow.
    _ = await probe.check()
    var generator = SystemRandomNumberGenerator()
    let coordinator = Coordinator(
      id: UUID(high: generator.next(), low: generator.next()), store: store, probe: probe,
      schemaVersion: UInt32(schemaVersion),
      limits: settings.limits, logger: logger)
    try await coordinator.prepare()

    let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoopThreads)
    let health = ServiceHealth(services: Self.serviceNames)
    let router = router(coordinator, health)
    coordinator.addMetrics { [Self.callMetrics(router)] }
    let costs = DatabaseMetrics(store: store, upkeep: database.traffic, probe: probe, coordinator: coordinator)
    coordinator.addMetrics { costs.families }
    let server = GRPCServer(router: router, limits: serverLimits, group: group, logger: logger)
    let tls = try settings.tls.map {
      try ServerTLS(
        certificateChain: $0.certificate, privateKey: $0.privateKey, clientAuthorities: $0.clientAuthorities)
    }
    let bound = try await server.listen(host: settings.host, port: settings.port, tls: tls)
    let address = "\(settings.host):\(bound.port ?? settings.port)"
    let peers = PeerService(
      coordinator: coordinator, store: store, configuration: database, address: address, logger: logger)
    await peers.join()
    health.setAll(.serving)
    logger.info("listening", metadata: ["address": "\(address)", "coordinator": "\(coordinator.id)"])

    // What comes first ends last: the pages tell of the draining.
    var services: [any Service] = []
    if let pages = settings.pages {
      services.append(
        OperatorPages(settings: pages, coordinator: coordinator, group: group, logger: logger, onListening: onPages))
    }
    services.append(
      DatabaseHealthService(probe: probe, health: health, logger: logger, onReturn: { coordinator.databaseReturned() }))
    services += Maintenance.services(coordinator, logger: logger)
    services.append(peers)
    services.append(
      ListeningService(
        server: server, coordinator: coordinator, health: health, drainTimeout: settings.drainTimeout, logger: logger,
        onListening: { onListening(address) }))
    try await ServiceGroup(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet
    ).run()
    await store.shutdown()
    await probe.shutdown()
    try await group.shutdownGracefully()
    logger.info("stopped")
  }

  private static var serviceNames: [String] {
    [
      "kagzi.v1.WorkflowService", "kagzi.v1.WorkerService", "kagzi.v1.RegistryService", "kagzi.v1.AdminService",
      "kagzi.v1.ScheduleService",
    ]
  }

  private static func callMetrics(_ router: Router) -> MetricFamily {
    let samples = router.callCounts.flatMap { method, counts in
      counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { code, count in
        MetricFamily.Sample(
          Double(count), labels: [("service", method.service), ("method", method.name), ("code", code.name)])
      }
    }
    return MetricFamily("grpc_server_handled_total", .counter, "Calls that ended, by method and status.", samples)
  }

  private func router(_ coordinator: Coordinator, _ health: ServiceHealth) -> Router {
    var router = Router()
    coordinator.register(on: &router)
    HealthEndpoint(status: health).register(on: &router)
    ReflectionEndpoint().register(on: &router)
    return router
  }

  private var serverLimits: ServerLimits {
    var limits = ServerLimits()
    limits.maxRequestMessage = settings.limits.maxMessageBytes
    limits.maxResponseMessage = settings.limits.maxMessageBytes
    // Whole tasks for all slots of a worker may be pushed at once.
    limits.responseStreamLimit = 64 << 20
    return limits
  }

  /// The service group tells of every service it starts: for debugging only.
  private var quiet: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    return logger
  }
}
