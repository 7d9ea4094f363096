import Kagzi

/// The V1 program of the migration guide: it runs unchanged.
enum GuideV1 {
  // snippet: workflow
  @Sendable static func processOrderV1(_ ctx: WorkflowContext, _ input: OrderInput) async throws -> String {
    // Manual retry logic
    var attempts = 0
    var user = ""
    while true {
      attempts += 1
      do {
        user = try await ctx.step("fetch-user") { try await fetchUser(input) }
        break
      } catch  where attempts < 3 {
        try await Task.sleep(for: .milliseconds(200))
      }
    }

    // Sequential execution
    _ = try await ctx.step("process-payment") { try await processPayment(input) }
    _ = try await ctx.step("update-inventory") { try await updateInventory(input) }

    // Simple notification
    try await ctx.step("notify") { try await sendEmail(input) }

    print("order of \(user) completed")
    return "completed"
  }
  // end snippet

  // snippet: main
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("process-order", processOrderV1)

    let worker = kagzi.createWorker()
    try await worker.start()
  }
  // end snippet
}
