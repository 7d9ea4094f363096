import Foundation
import Kagzi
import Synchronization

/// The short programs of the migration guide, before and after, each a workflow that is run.
enum GuideSnippets {
  static let calls = Mutex(0)

  /// Fails the first time it is called.
  static func makeAPICall() async throws -> String {
    let call = calls.withLock { calls in
      calls += 1
      return calls
    }
    guard call % 2 == 0 else { throw StepError(.networkError, "no answer") }
    return "answer"
  }

  @Sendable static func retryV1(_ ctx: WorkflowContext) async throws -> String {
    // snippet: retry-v1
    // V1: manual retry with custom logic
    try await ctx.step("api-call") {
      var attempts = 0
      let maxAttempts = 3
      while true {
        attempts += 1
        do {
          return try await makeAPICall()
        } catch  where attempts < maxAttempts {
          try await Task.sleep(for: .milliseconds(100 << attempts))
        }
      }
    }
    // end snippet
  }

  @Sendable static func retryV2(_ ctx: WorkflowContext) async throws -> String {
    // snippet: retry-v2
    // V2: automatic retry with exponential backoff
    try await StepBuilder("api-call")
      .retryPolicy(.exponential())
      .retryPredicate(.onRetryableError)
      .execute(ctx) {
        try await makeAPICall()
      }
    // end snippet
  }

  @Sendable static func parallelV1(_ ctx: WorkflowContext) async throws -> String {
    // snippet: parallel-v1
    // V1: concurrent steps by hand
    async let user = ctx.step("fetch-user") { try await fetchUser() }
    async let posts = ctx.step("fetch-posts") { try await fetchPosts() }
    async let comments = ctx.step("fetch-comments") { try await fetchComments() }
    let (a, b, c) = try await (user, posts, comments)
    // end snippet
    return "\(a) \(b) \(c)"
  }

  @Sendable static func parallelV2(_ ctx: WorkflowContext) async throws -> String {
    // snippet: parallel-v2
    // V2: a group that the coordinator joins
    let parallelGroup = UUID()
    let executor = ParallelExecutor(ctx, parallelGroup, nil, .failFast)  // or .collectAll

    async let user = executor.executeStep("fetch-user") { try await fetchUser() }
    async let posts = executor.executeStep("fetch-posts") { try await fetchPosts() }
    async let comments = executor.executeStep("fetch-comments") { try await fetchComments() }
    let (a, b, c) = try await (user, posts, comments)
    // end snippet
    return "\(a) \(b) \(c)"
  }

  @Sendable static func convenience(_ ctx: WorkflowContext) async throws -> String {
    // snippet: convenience
    // A tuple, each member with its own type (2 to 10 members)
    let (user, posts) = try await ctx.parallel(
      "user-data",
      ("user", { try await fetchUser() }),
      ("posts", { try await fetchPosts() }))

    // A list, results in the order asked
    let results = try await ctx.parallelVec(
      "fetch-all",
      [
        ("item-1", fetchItem1),
        ("item-2", fetchItem2),
      ])

    // A race, first to complete wins
    let (winner, result) = try await ctx.race(
      "fastest-api",
      [
        ("api-1", callAPI1),
        ("api-2", callAPI2),
      ])
    // end snippet
    return "\(user) \(posts) \(results) \(winner) \(result)"
  }

  @Sendable static func patternRetry(_ ctx: WorkflowContext) async throws -> String {
    // snippet: pattern-retry
    // Find this pattern in your V1 code:
    let before = try await ctx.step("greet") { "hello" }

    // Replace with:
    let after = try await StepBuilder("api-call")
      .retryPolicy(.exponential())
      .execute(ctx) { try await makeAPICall() }
    // end snippet
    return "\(before) \(after)"
  }

  @Sendable static func patternParallel(_ ctx: WorkflowContext) async throws -> Int {
    // snippet: pattern-parallel
    // V1: sequential
    let a = try await ctx.step("step-a") { 1 }
    let b = try await ctx.step("step-b") { 2 }
    let c = try await ctx.step("step-c") { 3 }

    // V2: parallel (if the steps are independent)
    let (d, e, f) = try await ctx.parallel(
      "parallel-group",
      ("step-a", { 1 }),
      ("step-b", { 2 }),
      ("step-c", { 3 }))
    // end snippet
    return a + b + c - d - e - f
  }

  static func fetchUser() async throws -> String { "user" }
  static func fetchPosts() async throws -> Int { 2 }
  static func fetchComments() async throws -> Int { 3 }
  @Sendable static func fetchItem1() async throws -> Int { 1 }
  @Sendable static func fetchItem2() async throws -> Int { 2 }
  @Sendable static func callAPI1() async throws -> String {
    try await Task.sleep(for: .seconds(60))
    return "one"
  }
  @Sendable static func callAPI2() async throws -> String { "two" }

  @Sendable static func orderV1(_ ctx: WorkflowContext, _ order: String) async throws -> String { "v1 \(order)" }
  @Sendable static func orderV2(_ ctx: WorkflowContext, _ order: String) async throws -> String { "v2 \(order)" }
  @Sendable static func orderV3(_ ctx: WorkflowContext, _ order: String) async throws -> String { "v3 \(order)" }

  static func register(_ kagzi: Kagzi) {
    kagzi.registerWorkflow("retry-v1", retryV1)
    kagzi.registerWorkflow("retry-v2", retryV2)
    kagzi.registerWorkflow("parallel-v1", parallelV1)
    kagzi.registerWorkflow("parallel-v2", parallelV2)
    kagzi.registerWorkflow("convenience", convenience)
    kagzi.registerWorkflow("pattern-retry", patternRetry)
    kagzi.registerWorkflow("pattern-parallel", patternParallel)
  }

  static func registerPattern(_ kagzi: Kagzi) async throws {
    // snippet: pattern-versions
    // V1: single registration
    kagzi.registerWorkflow("my-workflow", orderV1)

    // V2: versioned registration
    kagzi.registerWorkflowVersion("my-workflow", 2, orderV2)
    try await kagzi.setDefaultWorkflowVersion("my-workflow", 2)
    // end snippet
  }

  static func versions(_ kagzi: Kagzi, _ input: String) async throws -> [String] {
    // snippet: versions-register
    // V2: register several versions
    kagzi.registerWorkflowVersion("versioned-order", 1, orderV1)
    kagzi.registerWorkflowVersion("versioned-order", 2, orderV2)
    kagzi.registerWorkflowVersion("versioned-order", 3, orderV3)

    // Set the default version for new workflows
    try await kagzi.setDefaultWorkflowVersion("versioned-order", 3)
    // end snippet

    return try await kagzi.working {
      // snippet: versions-start
      // Start with a specific version
      let specific = try await kagzi.startWorkflowVersion("versioned-order", 2, input, as: String.self)

      // Or use the default version
      let handle = try await kagzi.startWorkflow("versioned-order", input, as: String.self)
      // end snippet
      return [try await specific.result(), try await handle.result()]
    }
  }

  static func worker(_ kagzi: Kagzi) -> Worker {
    // snippet: worker
    // V2: a fully configured production worker
    let worker = kagzi.createWorkerBuilder()
      .workerID("worker-\(ProcessInfo.processInfo.processIdentifier)")
      .maxConcurrentWorkflows(10)  // Limit concurrent execution
      .heartbeatIntervalSecs(30)  // Health monitoring, at most a third of the lease
      .leaseDurationSecs(120)  // A silent worker's tasks go to others after this
      .pollIntervalMs(500)  // Kept for compatibility: tasks are pushed
      .gracefulShutdownTimeoutSecs(300)  // Wait for workflows on shutdown
      .hostname(ProcessInfo.processInfo.hostName)
      .build()
    // end snippet
    return worker
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    register(kagzi)
    try await registerPattern(kagzi)
    print("my-workflow: default version", try await kagzi.getDefaultWorkflowVersion("my-workflow"))
    print("versions:", try await versions(kagzi, "order-1").joined(separator: ", "))
    let worker = worker(kagzi)
    async let working: Void = worker.start()
    for name in ["retry-v1", "retry-v2", "parallel-v1", "parallel-v2", "convenience", "pattern-retry"] {
      print("\(name):", try await kagzi.startWorkflow(name, as: String.self).result())
    }
    print("pattern-parallel:", try await kagzi.startWorkflow("pattern-parallel", as: Int.self).result())
    worker.stop()
    try await working
  }
}
