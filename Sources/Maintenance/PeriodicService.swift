package import Logging
internal import ServiceLifecycle

/// Does one thing again and again until shut down; a failure is logged and tried again at the next turn.
package struct PeriodicService: Service {
  private let name: String
  private let interval: Duration
  private let logger: Logger
  private let runOnce: @Sendable () async throws -> Void

  /// - Parameter interval: the pause between two turns.
  package init(
    _ name: String, every interval: Duration, logger: Logger, runOnce: @escaping @Sendable () async throws -> Void
  ) {
    self.name = name
    self.interval = interval
    self.logger = logger
    self.runOnce = runOnce
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await runOnce()
        } catch {
          logger.warning("maintenance failed", metadata: ["task": "\(name)", "error": "\(error)"])
        }
        try? await Task.sleep(for: interval)
      }
    }
  }
}
