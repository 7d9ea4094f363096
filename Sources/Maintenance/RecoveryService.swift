package import Logging
internal import ServiceLifecycle
package import Services

/// Looks for what commits did whose answers were lost, as soon as their fate is known. The scans are the net beneath.
package struct RecoveryService: Service {
  private let coordinator: Coordinator
  private let logger: Logger

  package init(coordinator: Coordinator, logger: Logger) {
    self.coordinator = coordinator
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in coordinator.unheard {
        let taken = await ContinuousClock().measure { await recover() }
        // Once for all lanes that lost their connections, and for all sessions that come over from a dead coordinator; where
        // there is much to look through, a small part of the time.
        try? await Task.sleep(for: max(.milliseconds(20), min(taken * 4, .seconds(1))))
      }
    }
  }

  /// Until it was looked for: the connection may be lost again.
  private func recover() async {
    while !Task.isCancelled {
      do {
        return try await coordinator.recoverUnheard()
      } catch {
        logger.debug("what lost commits did could not be looked for yet", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
