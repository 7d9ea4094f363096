import Kagzi
import Synchronization

/// When a step is tried again: by the kind of its error, by what its policy's predicate says, and how often.
enum StepPolicies {
  static let calls = Mutex<[String: Int]>([:])

  @Sendable static func policies(_ ctx: WorkflowContext) async throws -> [String] {
    let quick = RetryPolicy.exponentialWith(initial: .milliseconds(50), max: .seconds(1), attempts: 5)
    var said: [String] = []

    // The network recovers on the third attempt.
    said.append(
      try await ctx.stepBuilder("third-try").retryPolicy(quick).execute {
        try fail("third-try", below: 3, .networkError)
      })

    // Only timeouts are tried again.
    said.append(
      try await ctx.stepBuilder("by-kind").retryPolicy(.fixedWith(ms: 50, attempts: 3))
        .retryPredicate(.onErrorKind([.timeout])).execute { try fail("by-kind", below: 2, .timeout) })

    // One attempt, whatever the error.
    do {
      _ = try await ctx.stepBuilder("none").retryPolicy(.none()).execute { try fail("none", below: 2, .networkError) }
    } catch let error as StepError {
      said.append("none: \(error.message)")
    }

    // Even what is not retryable by itself.
    said.append(
      try await ctx.stepBuilder("any").retryPolicy(quick).retryPredicate(.onAnyError).execute {
        try fail("any", below: 2, .validationFailed)
      })
    return said
  }

  /// Fails until this call.
  static func fail(_ name: String, below needed: Int, _ kind: ErrorKind) throws -> String {
    let call = calls.withLock { calls in
      calls[name, default: 0] += 1
      return calls[name, default: 0]
    }
    guard call >= needed else { throw StepError(kind, "call \(call) failed") }
    return "\(name): call \(call)"
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("step-policies", policies)
    try await kagzi.working {
      let handle = try await kagzi.startWorkflow("step-policies", as: [String].self)
      print(try await handle.result().joined(separator: "\n"))
      for attempt in try await handle.attempts() {
        let delay = attempt.retryDelay.map { ", again after \($0)" } ?? ""
        print("  \(attempt.step), attempt \(attempt.attempt): \(attempt.error?.message ?? "succeeded")\(delay)")
      }
    }
  }
}
