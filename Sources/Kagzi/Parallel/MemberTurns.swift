internal import Synchronization

/// Whose turn it is among the local members of a group whose members come one by one: so many at a time, in the order in
/// which they came. A member keeps its turn from its first attempt until its outcome is recorded, retries included.
final class MemberTurns: Sendable {
  private struct State {
    var free: Int
    var lastNumber = 0
    var queue: [(number: Int, name: String, continuation: CheckedContinuation<Bool, Never>)] = []
    /// Callers that were cancelled before they had begun to wait.
    var cancelled: Set<Int> = []
  }

  private let state: Mutex<State>

  init(_ limit: Int) {
    state = Mutex(State(free: max(limit, 1)))
  }

  /// Waits for a turn. Throws `DuplicateStepName` if a member of this name waits already, and a `StepError` of kind
  /// `cancelled` if the caller is cancelled first.
  func take(_ name: String) async throws {
    let number = try state.withLock { state in
      if state.queue.contains(where: { $0.name == name }) { throw DuplicateStepName(name: name) }
      state.lastNumber += 1
      return state.lastNumber
    }
    let hasTurn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now: Bool? = state.withLock { state in
          if state.cancelled.remove(number) != nil { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.queue.append((number, name, continuation))
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      cancel(number)
    }
    guard hasTurn else {
      throw StepError(.cancelled, "The task that waited for the step was cancelled", source: name)
    }
    state.withLock { _ = $0.cancelled.remove(number) }
  }

  /// Gives the turn to the next in line.
  func give() {
    let next = state.withLock { state in
      if state.queue.isEmpty {
        state.free += 1
        return nil as CheckedContinuation<Bool, Never>?
      }
      return state.queue.removeFirst().continuation
    }
    next?.resume(returning: true)
  }

  private func cancel(_ number: Int) {
    let waiting = state.withLock { state in
      guard let place = state.queue.firstIndex(where: { $0.number == number }) else {
        state.cancelled.insert(number)
        return nil as CheckedContinuation<Bool, Never>?
      }
      return state.queue.remove(at: place).continuation
    }
    waiting?.resume(returning: false)
  }
}
