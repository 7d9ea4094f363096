import Foundation
import Testing

@testable import Kagzi

/// The list that closes the migration guide, as tests.
@Suite(
  "Testing your migration", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct GuideChecklistTests {
  @Test("checklist 22: all existing V1 workflows still execute")
  func v1Workflows() async throws {
    let worker = try ExampleProcess("ScenarioExamples", ["guide-v1", address])
    let output = try await order("v1", endedBy: worker)
    // The manual retry loop, then each step once.
    #expect(
      output.contains(
        "fetch user of v1, call 1\nfetch user of v1, call 2\npay 9.5 for v1\ntake v1 from the shelf\nmail about v1"))
  }

  @Test("checklist 22: retry policies work as expected")
  func retryPolicies() async throws {
    let counter = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("guide-retries") { (ctx: WorkflowContext) in
        try await StepBuilder("api-call").retryPolicy(.exponentialWith(initial: .milliseconds(40), max: .seconds(1)))
          .retryPredicate(.onRetryableError).execute(ctx) {
            if counter.add() < 3 { throw StepError(.networkError, "no answer") }
            return counter.count()
          }
      }
      kagzi.registerWorkflow("guide-unretryable") { (ctx: WorkflowContext) in
        try await StepBuilder("api-call").retryPolicy(.exponential()).execute(ctx) {
          counter.add("unretryable")
          throw StepError(.validationFailed, "no")
        }
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("guide-retries", as: Int.self, options)
      #expect(try await handle.result() == 3)
      let delays = try await handle.attempts(step: "api-call").compactMap(\.retryDelay)
      try #require(delays.count == 2)
      // 40 and 80 ms, each plus or minus a quarter.
      #expect(delays[0] >= .milliseconds(29) && delays[0] <= .milliseconds(51), "\(delays)")
      #expect(delays[1] >= .milliseconds(59) && delays[1] <= .milliseconds(101), "\(delays)")
      let failing = try await kagzi.startWorkflow("guide-unretryable", options)
      await #expect(throws: WorkflowError.self) { try await failing.result() }
      #expect(counter.count("unretryable") == 1)
    }
  }

  @Test("checklist 22: parallel execution provides performance benefits")
  func parallelism() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("guide-sequential") { (ctx: WorkflowContext) in
        for number in 0..<8 { try await ctx.step("nap-\(number)") { try await Task.sleep(for: .milliseconds(50)) } }
      }
      kagzi.registerWorkflow("guide-parallel") { (ctx: WorkflowContext) in
        try await ctx.parallelVec(
          "naps", (0..<8).map { .step("nap-\($0)") { try await Task.sleep(for: .milliseconds(50)) } })
      }
    } body: { kagzi, options in
      let clock = ContinuousClock()
      let sequential = try await clock.measure {
        _ = try await kagzi.startWorkflow("guide-sequential", options).result()
      }
      // The best of three: the machine may have other things to do for a moment.
      var parallel = Duration.seconds(60)
      for _ in 0..<3 {
        let took = try await clock.measure { _ = try await kagzi.startWorkflow("guide-parallel", options).result() }
        parallel = min(parallel, took)
      }
      #expect(sequential >= .milliseconds(400))
      #expect(parallel < sequential / 2, "\(parallel) and \(sequential)")
    }
  }

  @Test("checklist 22: multiple workflow versions coexist")
  func versions() async throws {
    let opened = Gate()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflowVersion("guide-versions", 1) { (ctx: WorkflowContext) in
        opened.open()
        return try await ctx.waitForSignal("go", as: String.self) + " on 1"
      }
      kagzi.registerWorkflowVersion("guide-versions", 2) { (_: WorkflowContext) in "2" }
    } body: { kagzi, options in
      let old = try await kagzi.startWorkflowVersion("guide-versions", 1, as: String.self, options)
      await opened.wait()
      try await kagzi.setDefaultWorkflowVersion("guide-versions", 2)
      #expect(try await kagzi.startWorkflow("guide-versions", as: String.self, options).result() == "2")
      #expect(try await kagzi.countRuns("guide-versions", version: 1, status: .completed) == 0)
      try await old.signal("go", "ends")
      #expect(try await old.result() == "ends on 1")
      #expect(try await kagzi.countRunsByStatus("guide-versions")[.completed] == 2)
    }
  }

  @Test("checklist 22: workers shut down gracefully")
  func gracefulShutdown() async throws {
    let worker = try ExampleProcess("ScenarioExamples", ["guide-v2", address])
    let output = try await order("v2", endedBy: worker)
    #expect(output.contains("order of Ada completed"))
    let kagzi = try await WithServer.connect()
    #expect(try await kagzi.getWorker("order-worker-1").status == .stopped)
    let events = try await kagzi.getWorkerEvents("order-worker-1").map(\.kind)
    #expect(events.contains("STARTED") && events.contains("SHUTDOWN_COMPLETE") && !events.contains("CRASHED"))
    await kagzi.close()
  }

  @Test(
    "checklist 22: health checks report accurate status")
  func health() async throws {
    try await WithServer.with(configure: { $0.workerID("guide-health") }) { kagzi in
      kagzi.registerWorkflow("guide-health") { (ctx: WorkflowContext) in try await ctx.sleep("nap", .milliseconds(1)) }
    } body: { kagzi, options in
      _ = try await kagzi.startWorkflow("guide-health", options).result()
      let checker = HealthChecker(kagzi)
      #expect(try await checker.checkDatabaseHealth().status == .healthy)
      let worker = try await kagzi.getWorker("guide-health")
      let health = try await checker.checkWorkerHealth(worker)
      #expect(health.status == .healthy && health.activeWorkflows == 0)
      #expect(health.heartbeatAge.map { $0 < .seconds(60) } == true, "\(health)")
      // The worker beats every 10 s: a threshold of one second is passed before the next heartbeat.
      let strict = HealthChecker(kagzi, HealthCheckConfig(heartbeatTimeoutSecs: 2, heartbeatWarningSecs: 1))
      while try await strict.checkWorkerHealth(worker).status != .degraded {
        try await Task.sleep(for: .milliseconds(50))
      }
      while try await strict.checkWorkerHealth(worker).status != .unhealthy {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(try await !strict.comprehensiveCheck().isHealthy)
    }
  }

  @Test("checklist 22: database migrations completed successfully")
  func migrations() async throws {
    // They ran when the coordinator started, and run again, changing nothing, when it is started again.
    let kagzi = try await WithServer.connect()
    let version = try await kagzi.schemaVersion()
    #expect(version > 0)
    await kagzi.close()
    try await WithServer.current?.restart(signal: SIGTERM)
    let again = try await WithServer.connect()
    #expect(try await again.schemaVersion() == version)
    await again.close()
  }

  @Test("checklist 22: no breaking changes in API usage")
  func apiUsage() async throws {
    // The V1 calls, as a V1 program writes them.
    let kagzi = try await WithServer.connect()
    kagzi.registerWorkflow("guide-usage") { (ctx: WorkflowContext, name: String) in
      let text = try await ctx.step("greet") { "Hello, \(name)" }
      try await ctx.sleep("short", .milliseconds(10))
      try await ctx.sleepUntil("past", Date(timeIntervalSince1970: 0))
      return "\(text) \(ctx.workflowName) \(ctx.workflowRunID.count)"
    }
    let worker = kagzi.createWorker()
    async let working: Void = worker.start()
    let handle = try await kagzi.startWorkflow("guide-usage", "Ada", as: String.self)
    #expect(try await handle.result() == "Hello, Ada guide-usage 36")
    #expect(try await kagzi.workflowHandle(handle.runID).status() == .completed)
    #expect(worker.isRunning && worker.workerID.hasPrefix("worker-") && worker.activeWorkflowCount >= 0)
    await #expect(throws: WorkerError.alreadyStarted) { try await worker.start() }
    worker.stop()
    try await working
    #expect(!worker.isRunning)
    await kagzi.close()
  }

  private var address: String { WithServer.current?.address ?? "" }

  /// Processes an order by the program that works, then ends the program by SIGTERM; gives what it printed.
  private func order(_ id: String, endedBy worker: ExampleProcess) async throws -> String {
    struct Input: Codable, Sendable {
      var orderID: String
      var amount: Double
    }
    let kagzi = try await WithServer.connect()
    if id == "v2" {
      // The program makes its version the default before its worker starts.
      while (try? await kagzi.getDefaultWorkflowVersion("process-order")) != 2 {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    let handle = try await kagzi.startWorkflow("process-order", Input(orderID: id, amount: 9.5), as: String.self)
    #expect(try await handle.result() == "completed")
    worker.terminate()
    await kagzi.close()
    return await worker.end()
  }
}
