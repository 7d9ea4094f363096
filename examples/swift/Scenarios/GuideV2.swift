import Foundation
import Kagzi

/// The V2 program of the migration guide, line by line.
enum GuideV2 {
  // snippet: workflow
  @Sendable static func processOrderV2(_ ctx: WorkflowContext, _ input: OrderInput) async throws -> String {
    // Automatic retry with exponential backoff
    let user = try await StepBuilder("fetch-user")
      .retryPolicy(.exponential())
      .retryPredicate(.onRetryableError)
      .execute(ctx) { try await fetchUser(input) }

    // Parallel execution with memoization
    let parallelGroup = UUID()
    let executor = ParallelExecutor(ctx, parallelGroup, nil, .failFast)

    async let payment = executor.executeStep("process-payment") { try await processPayment(input) }
    async let inventory = executor.executeStep("update-inventory") { try await updateInventory(input) }
    _ = try await (payment, inventory)

    // Multi-channel notification
    try await ctx.parallelVec(
      "notify",
      [
        .step("email") { try await sendEmail(input) },
        .step("sms") { try await sendSMS(input) },
      ])

    print("order of \(user) completed")
    return "completed"
  }
  // end snippet

  // snippet: main
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    // Register with versioning
    kagzi.registerWorkflowVersion("process-order", 2, processOrderV2)
    try await kagzi.setDefaultWorkflowVersion("process-order", 2)

    // Production-ready worker
    let worker = kagzi.createWorkerBuilder()
      .workerID("order-worker-1")
      .maxConcurrentWorkflows(10)
      .heartbeatIntervalSecs(30)
      .gracefulShutdownTimeoutSecs(300)
      .build()

    // Health monitoring
    let healthChecker = HealthChecker(kagzi)
    let monitoring = Task {
      while true {
        if let result = try? await healthChecker.comprehensiveCheck(), !result.isHealthy {
          print("Health check failed: \(result.errors)")
        }
        try await Task.sleep(for: .seconds(60))
      }
    }
    defer { monitoring.cancel() }

    // Drains on SIGTERM and SIGINT
    try await worker.start()
  }
  // end snippet
}
