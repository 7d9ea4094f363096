package import Logging
internal import ServiceLifecycle
package import Services

/// Fires timers, retries and timeouts when they are due by the database's clock. Sleeps until the earliest due time
/// known; commits that plan an earlier one wake it; a slow scan is the safety net.
package final class TimerService: Service {
  private let coordinator: Coordinator
  private let logger: Logger
  /// At most this long without a look.
  private let safetyInterval: Duration
  private let alarm = Alarm()

  package init(coordinator: Coordinator, safetyInterval: Duration = .seconds(5), logger: Logger) {
    self.coordinator = coordinator
    self.safetyInterval = safetyInterval
    self.logger = logger
  }

  package func run() async throws {
    coordinator.onDue { [alarm] delay in alarm.set(.now + .milliseconds(delay)) }
    await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        alarm.set(.now + (await runOnce()))
        await alarm.wait()
      }
    }
  }

  /// Fires what is due now. Returns how long to wait at most before the next turn.
  package func runOnce() async -> Duration {
    alarm.reset()
    do {
      guard let next = try await coordinator.fireDue() else { return safetyInterval }
      return min(safetyInterval, .milliseconds(max(1, next)))
    } catch {
      logger.warning("timers could not be fired", metadata: ["error": "\(error)"])
      return .milliseconds(500)
    }
  }
}
