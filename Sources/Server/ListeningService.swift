internal import GRPC
internal import Logging
internal import ServiceLifecycle
internal import Services

/// Holds the listening server until shutdown, then drains it: health says NOT_SERVING, workers are sent elsewhere, calls
/// in flight finish within the drain timeout.
internal struct ListeningService: Service {
  let server: GRPCServer
  let coordinator: Coordinator
  let health: ServiceHealth
  let drainTimeout: Duration
  let logger: Logger
  /// Called when calls can come and a signal drains instead of killing.
  let onListening: @Sendable () -> Void

  func run() async throws {
    onListening()
    try? await gracefulShutdown()
    logger.info("draining", metadata: ["sessions": "\(coordinator.sessionCount)"])
    health.shutDown()
    coordinator.drain()
    await server.drain(gracePeriod: drainTimeout)
  }
}
