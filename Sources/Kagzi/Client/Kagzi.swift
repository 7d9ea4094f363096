internal import GRPC
internal import Logging
internal import Messages

/// A connection to Kagzi: starts workflows, and makes the workers that run them.
///
///     let kagzi = try await Kagzi.connect("127.0.0.1:7480")
///     kagzi.registerWorkflow("greet") { (ctx: WorkflowContext, name: String) in
///       try await ctx.step("greeting") { "Hello, \(name)!" }
///     }
///     try await kagzi.createWorker().start()
public final class Kagzi: Sendable {
  /// The namespace of every call and of every worker; of another one make another client.
  public let namespace: String
  let registry = TypeRegistry()
  let coordinator: GRPCCoordinator
  let logger: Logger

  init(coordinator: GRPCCoordinator, namespace: String, logger: Logger) {
    self.coordinator = coordinator
    self.namespace = namespace
    self.logger = logger
  }

  /// Connects to a coordinator; its database is migrated by itself.
  ///
  /// - Parameters:
  ///   - addresses: `host:port`, or several of one cluster separated by commas; the next is taken when one fails.
  ///     `https://host:port` asks for TLS with the system's authorities, unless the options say more.
  ///   - options: Namespace, TLS, logger and the time to wait for the coordinator.
  ///
  /// Throws `KagziError`: `invalid` for addresses that cannot be read, `unavailable` when none answers in time.
  public static func connect(_ addresses: String, _ options: ConnectOptions = ConnectOptions()) async throws -> Kagzi {
    try await connect(addresses.split(separator: ",").map { $0.trimmed }, options)
  }

  /// Connects to the coordinator that KAGZI_ADDRESS names, else to 127.0.0.1:7480.
  public static func connect(_ options: ConnectOptions = ConnectOptions()) async throws -> Kagzi {
    try await connect(ProcessFacts.environment("KAGZI_ADDRESS") ?? "127.0.0.1:\(Address.defaultPort)", options)
  }

  /// Connects to one of several coordinators of one cluster.
  public static func connect(
    _ addresses: [String], _ options: ConnectOptions = ConnectOptions()
  ) async throws -> Kagzi {
    let targets = try addresses.map { try Address($0) }
    guard !targets.isEmpty else { throw KagziError(.invalid, "No address is given. Pass one such as 127.0.0.1:7480.") }
    var options = options
    if options.tls == nil, targets.contains(where: \.wantsTLS) { options.tls = TLSOptions() }
    let coordinator = try GRPCCoordinator(targets: targets, options: options)
    do {
      try await coordinator.probe(timeout: options.timeout)
    } catch {
      await coordinator.close()
      throw KagziError(error)
    }
    let namespace = options.namespace.isEmpty ? ProcessFacts.environment("KAGZI_NAMESPACE") : options.namespace
    return Kagzi(coordinator: coordinator, namespace: namespace ?? "default", logger: options.logger)
  }

  /// Closes the connections. Workers should have been stopped before.
  public func close() async {
    await coordinator.close()
  }

  /// A worker with the defaults.
  public func createWorker() -> Worker {
    createWorkerBuilder().build()
  }

  /// A worker with settings of its own.
  public func createWorkerBuilder() -> WorkerBuilder {
    WorkerBuilder(client: self)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
