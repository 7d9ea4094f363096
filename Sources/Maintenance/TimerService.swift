package import Logging
internal import ServiceLifecycle
package import Services
internal import Synchronization

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

/// Wakes one waiter at the earliest instant that anybody set.
private final class Alarm: Sendable {
  private struct State {
    var deadline: ContinuousClock.Instant?
    var sleeper: (id: UInt64, deadline: ContinuousClock.Instant, task: Task<Void, Never>)?
    var waiter: CheckedContinuation<Void, Never>?
    var nextID: UInt64 = 0
  }

  private let state = Mutex(State())

  func reset() { state.withLock { $0.deadline = nil } }

  func set(_ instant: ContinuousClock.Instant) {
    state.withLock { state in
      if let deadline = state.deadline, deadline <= instant { return }
      state.deadline = instant
      if state.waiter != nil { arm(&state) }
    }
  }

  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { state in
          state.waiter = continuation
          arm(&state)
        }
        if Task.isCancelled { ring() }
      }
    } onCancel: {
      ring()
    }
  }

  /// Sleeps until the deadline in a task that a nearer one replaces.
  private func arm(_ state: inout State) {
    guard let deadline = state.deadline else { return }
    if let sleeper = state.sleeper, sleeper.deadline <= deadline { return }
    state.sleeper?.task.cancel()
    state.nextID += 1
    let id = state.nextID
    let task = Task {
      try? await Task.sleep(until: deadline, tolerance: .milliseconds(1))
      if !Task.isCancelled { self.rang(id) }
    }
    state.sleeper = (id, deadline, task)
  }

  private func rang(_ id: UInt64) {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.sleeper?.id == id else { return nil }
      state.sleeper = nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  private func ring() {
    let waiter = state.withLock { state in
      state.sleeper?.task.cancel()
      state.sleeper = nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }
}
