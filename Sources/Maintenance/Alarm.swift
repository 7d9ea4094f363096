internal import Synchronization

/// Wakes one waiter at the earliest instant that anybody set.
internal final class Alarm: Sendable {
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
