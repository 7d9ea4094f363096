package import Logging
internal import ServiceLifecycle
package import Services
internal import Synchronization

/// Fires schedules when they are due by the database's clock. Sleeps until the earliest is; a change of a schedule, here or
/// elsewhere, and the end of a run that an occurrence waits for wake it; a slow look is the net beneath.
package final class ScheduleService: Service {
  private let coordinator: Coordinator
  private let logger: Logger
  private let alarm = Alarm()

  /// At most this long without a look while there are schedules, and while there are none.
  private static let safetyInterval: Duration = .seconds(10)
  private static let idleInterval: Duration = .seconds(60)
  /// Turns in a row that left something to others who were at it.
  private let contended = Mutex(0)

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
      let outlook = try await coordinator.fireSchedules()
      let turns = contended.withLock { turns in
        turns = outlook == .contended ? turns + 1 : 0
        return turns
      }
      switch outlook {
      case .idle: return Self.idleInterval
      case .due(let delay): return min(Self.safetyInterval, .milliseconds(max(1, delay)))
      case .contended: return .milliseconds(min(1_000, 20 * turns))
      }
    } catch {
      logger.warning("schedules could not be fired", metadata: ["error": "\(error)"])
      return .milliseconds(500)
    }
  }
}
