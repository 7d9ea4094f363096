internal import Messages
internal import Synchronization

/// What a member of an open-ended group gives to the one call that waits for it; the first word counts.
final class MemberPromise: Sendable {
  private struct State {
    var result: Result<Payload, any Error>?
    var waiter: CheckedContinuation<Payload, any Error>?
  }

  private let state = Mutex(State())

  func resolve(_ result: Result<Payload, any Error>) {
    let waiter = state.withLock { state -> CheckedContinuation<Payload, any Error>? in
      guard state.result == nil else { return nil }
      state.result = result
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: result)
  }

  var value: Payload {
    get async throws {
      try await withCheckedThrowingContinuation { continuation in
        let result = state.withLock { state in
          if state.result == nil { state.waiter = continuation }
          return state.result
        }
        if let result { continuation.resume(with: result) }
      }
    }
  }
}
