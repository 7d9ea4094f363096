package import Logging
internal import ServiceLifecycle
package import Services

/// Fires schedules when they are due by the database's clock. Sleeps until the earliest is; a change of a schedule, here or
/// elsewhere, and the end of a run that an occurrence waits for wake it; a slow look is the net beneath.
package final class ScheduleService: Service {
  private let coordinator: Coordinator
  private let logger: Logger
  private let alarm = Alarm()

  /// At most this long without a look while there are schedules, and while there are none.
  private static let safetyInterval: Duration = .seconds(10)
  private static let idleInterval: Duration = .seconds(60)

  package init(coordinator: Coordinator, logger: Logger) {
    self.coordinator = coordinator
    self.logger = logger
  }

  package func run() async throws {
    coordinator.onScheduleDue { [alarm] delay in alarm.set(.now + .milliseconds(delay)) }
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
      switch try await coordinator.fireSchedules() {
      case .idle: return Self.idleInterval
      case .due(let delay): return min(Self.safetyInterval, .milliseconds(max(1, delay)))
      case .contended: return .milliseconds(20)
      }
    } catch {
      logger.warning("schedules could not be fired", metadata: ["error": "\(error)"])
      return .milliseconds(500)
    }
  }
}
