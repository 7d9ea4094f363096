package import Logging
package import NIOCore
package import NIOPosix
import NIOSSL
import Synchronization

/// A gRPC server: listens, and answers calls by its router.
///
/// Order of calls: `listen` once for each address, then `drain` and/or `close`. The group belongs to the caller.
package final class GRPCServer: Sendable {
  private struct State {
    var listeners: [any Channel] = []
    var isDraining = false
  }

  private let router: Router
  private let limits: ServerLimits
  private let group: MultiThreadedEventLoopGroup
  private let logger: Logger
  private let loops: [ObjectIdentifier: ConnectionLoop]
  private let connectionCount = Atomic<Int>(0)
  private let state = Mutex(State())

  package init(
    router: Router, limits: ServerLimits = ServerLimits(), group: MultiThreadedEventLoopGroup,
    logger: Logger = Logger(label: "kagzi.grpc")
  ) {
    self.router = router
    self.limits = limits
    self.group = group
    self.logger = logger
    let interval = limits.tickInterval
    loops = Dictionary(
      uniqueKeysWithValues: group.makeIterator().map { eventLoop in
        (ObjectIdentifier(eventLoop), ConnectionLoop(eventLoop: eventLoop, tickInterval: interval))
      })
  }

  /// Connections that are open now.
  package var openConnections: Int { connectionCount.load(ordering: .relaxed) }

  /// Starts to listen; port 0 takes a free one. Returns the address that was bound. Throws when binding fails.
  @discardableResult
  package func listen(host: String, port: Int, tls: ServerTLS? = nil) async throws -> SocketAddress {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 16_384, maximum: 65_536)
      )
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 512 << 10))
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.accept(channel, tls: tls) }
      }
      .bind(host: host, port: port).get()
    let isDraining = state.withLock { state in
      if !state.isDraining { state.listeners.append(channel) }
      return state.isDraining
    }
    if isDraining {
      try await channel.close()
      throw ChannelError.ioOnClosedChannel
    }
    return channel.localAddress!
  }

  private func accept(_ channel: any Channel, tls: ServerTLS?) throws {
    let count = connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
    channel.closeFuture.whenComplete { _ in self.connectionCount.wrappingSubtract(1, ordering: .relaxed) }
    if state.withLock({ $0.isDraining }) { throw ChannelError.ioOnClosedChannel }
    guard count <= limits.maxConnections, let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
      logger.warning("refusing a connection: there are too many", metadata: ["limit": "\(limits.maxConnections)"])
      throw ChannelError.ioOnClosedChannel
    }
    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context)) }
    let connection = ServerConnection(
      loop: loop, router: router, limits: limits, peer: Self.text(of: channel.remoteAddress),
      requiresALPN: tls != nil, logger: logger)
    try channel.pipeline.syncOperations.addHandler(connection)
  }

  private static func text(of address: SocketAddress?) -> String {
    guard let address, let host = address.ipAddress, let port = address.port else { return "unknown" }
    return GRPCTarget(host: host, port: port).description
  }

  /// Stops listening, tells every client to go elsewhere (GOAWAY) and lets calls in flight finish.
  ///
  /// Returns when every connection is closed; those that still have calls after `gracePeriod` are cut.
  package func drain(gracePeriod: Duration) async {
    await stopListening()
    await forEachConnection { $0.drain() }
    let timeout = group.next().scheduleTask(in: .nanoseconds(Int64(clamping: gracePeriod.nanoseconds))) {
      self.cutConnections()
    }
    await connectionsClosed()
    timeout.cancel()
  }

  /// Stops listening and closes every connection at once.
  package func close() async {
    await stopListening()
    cutConnections()
    await connectionsClosed()
  }

  private func stopListening() async {
    let listeners = state.withLock { state in
      state.isDraining = true
      defer { state.listeners = [] }
      return state.listeners
    }
    for listener in listeners { try? await listener.close() }
  }

  private func cutConnections() {
    for loop in loops.values {
      loop.eventLoop.execute {
        for case let connection as ServerConnection in loop.allConnections { connection.close() }
      }
    }
  }

  private func forEachConnection(_ body: @escaping @Sendable (ServerConnection) -> Void) async {
    for loop in loops.values {
      try? await loop.eventLoop.submit {
        loop.beginBatch()
        for case let connection as ServerConnection in loop.allConnections { body(connection) }
        loop.endBatch()
      }.get()
    }
  }

  /// Returns when the connections of every loop are gone.
  private func connectionsClosed() async {
    for loop in loops.values {
      let closed = try? await loop.eventLoop.submit {
        loop.allConnections.compactMap { ($0 as? ServerConnection)?.context?.channel.closeFuture }
      }.get()
      for future in closed ?? [] { try? await future.get() }
    }
  }
}

extension ServerLimits {
  /// How often connections are looked at: often enough for the shortest limit, at most ten times a second.
  var tickInterval: TimeAmount {
    let shortest =
      [
        timeToFirstRequest, headerTimeout, idleTimeout, maxConnectionAge, keepaliveInterval, keepaliveTimeout,
        drainGrace,
      ]
      .compactMap { $0?.nanoseconds }.min() ?? .max
    return .nanoseconds(Int64(min(max(shortest / 4, 100_000_000), 1_000_000_000)))
  }
}
