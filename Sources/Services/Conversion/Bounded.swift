internal import Store
internal import Synchronization

/// Runs a body and gives up waiting for it after a time, whatever it does then.
/// - Throws: what the body throws, or `StoreError.unavailable` when the time is over.
internal func bounded<Value: Sendable>(
  by limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let first = First(continuation)
    let work = Task {
      do { first.resume(with: .success(try await body())) } catch { first.resume(with: .failure(error)) }
    }
    Task {
      try? await Task.sleep(for: limit)
      work.cancel()
      first.resume(with: .failure(StoreError.unavailable("no answer came within \(limit)")))
    }
  }
}

/// Resumes once, with whatever comes first.
private final class First<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

  init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

  func resume(with result: Result<Value, any Error>) {
    let continuation = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    continuation?.resume(with: result)
  }
}
