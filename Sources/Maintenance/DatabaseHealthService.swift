package import Logging
internal import ServiceLifecycle
package import Services
package import Store

/// Keeps `grpc.health.v1` true to the database: without it no service here can be called. Asks by a connection of its own, and
/// says when the database is back.
package struct DatabaseHealthService: Service {
  private let probe: DatabaseProbe
  private let health: ServiceHealth
  private let onReturn: @Sendable () -> Void
  private let interval: Duration
  private let retryInterval: Duration
  private let logger: Logger

  /// - Parameters:
  ///   - interval: the pause between two looks while the database answers. Default 2 s.
  ///   - retryInterval: the same while it does not. Default 0.5 s.
  ///   - onReturn: called when the database answers again.
  package init(
    probe: DatabaseProbe, health: ServiceHealth, interval: Duration = .seconds(2),
    retryInterval: Duration = .milliseconds(500), logger: Logger, onReturn: @escaping @Sendable () -> Void = {}
  ) {
    self.onReturn = onReturn
    self.probe = probe
    self.health = health
    self.interval = interval
    self.retryInterval = retryInterval
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var wasReachable = true
      while !Task.isCancelled {
        try? await Task.sleep(for: wasReachable ? interval : retryInterval)
        if Task.isCancelled { return }
        let answer = await probe.check()
        health.setAll(isServing: answer.isReachable)
        if answer.isReachable != wasReachable { tell(answer) }
        wasReachable = answer.isReachable
      }
    }
  }

  private func tell(_ answer: DatabaseProbe.Answer) {
    if let failure = answer.failure {
      logger.error("the database does not answer: calls are refused until it does", metadata: ["error": "\(failure)"])
    } else {
      logger.notice("the database answers again")
      onReturn()
    }
  }
}
