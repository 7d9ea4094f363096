import Kagzi
import Synchronization

/// The retry loop of V1 programs. It still works: each round's step is recorded by itself. A policy does the same in
/// one line, and its delays survive the worker (see StepPolicies.swift).
enum ManualRetry {
  static let calls = Mutex(0)

  @Sendable static func fetch(_ ctx: WorkflowContext, _ url: String) async throws -> String {
    var attempts = 0
    while true {
      attempts += 1
      do {
        return try await ctx.step("fetch") { try await get(url) }
      } catch  where attempts < 3 {
        print("attempt \(attempts) failed")
        try await ctx.sleep("back-off", .milliseconds(100 << attempts))
      }
    }
  }

  static func get(_ url: String) async throws -> String {
    let call = calls.withLock { calls in
      calls += 1
      return calls
    }
    guard call >= 3 else { throw StepError(.networkError, "\(url) does not answer") }
    return "fetched \(url) on call \(call)"
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("manual-retry", fetch)
    let text = try await kagzi.working {
      try await kagzi.startWorkflow("manual-retry", "https://example.org", as: String.self).result()
    }
    print(text)
  }
}
