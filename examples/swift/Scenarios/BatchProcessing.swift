import Kagzi

/// Many items, a few at a time; some fail, and the others go on all the same.
enum BatchProcessing {
  struct Outcome: Codable, Sendable {
    var done: Int
    var failed: [String]
  }

  @Sendable static func process(_ ctx: WorkflowContext, _ items: [Int]) async throws -> Outcome {
    let result = try await ctx.collect(
      "items",
      items.map { item in
        .activity("item-\(item)", "process-item", item, as: Int.self, options: ActivityOptions(retryPolicy: .fixed()))
      }, options: ParallelOptions(maxConcurrency: 4))
    let failed = result.outcomes.compactMap { outcome in outcome.error.map { "\(outcome.id): \($0.message)" } }
    return Outcome(done: result.results.count, failed: failed)
  }

  @Sendable static func processItem(_ item: Int, _ context: ActivityContext) async throws -> Int {
    // Not retryable, so the policy does not waste its attempts on it.
    if item % 4 == 3 { throw StepError(.validationFailed, "\(item) is no good") }
    return item * item
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("batch-processing", process)
    kagzi.registerActivity("process-item", processItem)
    let outcome = try await kagzi.working {
      try await kagzi.startWorkflow("batch-processing", Array(0..<10), as: Outcome.self).result()
    }
    print("\(outcome.done) done, \(outcome.failed.count) failed: \(outcome.failed.joined(separator: "; "))")
  }
}
