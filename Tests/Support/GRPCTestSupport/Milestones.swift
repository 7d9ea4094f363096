import Synchronization

/// A number that grows, and those who wait for it to get somewhere.
package final class Milestones: Sendable {
  private struct State {
    var count = 0
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var count: Int { state.withLock { $0.count } }

  package func add(_ number: Int = 1) {
    let due = state.withLock { state in
      state.count += number
      defer { state.waiters.removeAll { $0.count <= state.count } }
      return state.waiters.filter { $0.count <= state.count }
    }
    for waiter in due { waiter.continuation.resume() }
  }

  /// Returns when the number is at least `count`.
  package func reach(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.count < count { state.waiters.append((count, continuation)) }
        return state.count >= count
      }
      if isReached { continuation.resume() }
    }
  }
}
