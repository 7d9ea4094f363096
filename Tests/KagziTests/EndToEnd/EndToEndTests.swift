import Foundation
import Synchronization
import Testing

@testable import Kagzi

@Suite(
  "End to end, against the real binary", .withServer, .enabled(if: KagziServer.binary != nil), .serialized,
  .timeLimit(.minutes(3)))
struct EndToEndTests {
  @Test("checklist 5: local steps and an activity")
  func stepsAndActivity() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("greet") { (ctx: WorkflowContext, name: String) in
        let greeting = try await ctx.step("greeting") { "Hello, \(name)" }
        return try await ctx.activity("shout", greeting, as: String.self)
      }
      kagzi.registerActivity("shout") { (text: String, _: ActivityContext) in text.uppercased() + "!" }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("greet", "Ada", as: String.self, options)
      #expect(try await handle.result() == "HELLO, ADA!")
      #expect(try await handle.status() == .completed)
      #expect(try await handle.steps().map(\.key) == ["greeting", "shout"])
      #expect(try await kagzi.workflowHandle(handle.runID).result(as: String.self) == "HELLO, ADA!")
    }
  }

  @Test("checklist 11: the third attempt succeeds, and every attempt is listed with its error")
  func retries() async throws {
    let counter = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("flaky") { (ctx: WorkflowContext, _: Int) in
        try await StepBuilder("call").retryPolicy(.fixedWith(ms: 20, attempts: 5)).execute(ctx) {
          if counter.add() < 3 { throw StepError(.networkError, "attempt \(counter.count())") }
          return counter.count()
        }
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("flaky", 0, as: Int.self, options)
      #expect(try await handle.result() == 3)
      let attempts = try await handle.attempts(step: "call")
      #expect(attempts.map(\.attempt).prefix(2) == [1, 2])
      #expect(attempts.first?.error?.kind == .networkError)
      #expect(attempts.first?.retryDelay == .milliseconds(20))
    }
  }

  @Test("checklist 9: what the predicate does not name is not retried")
  func predicates() async throws {
    let counter = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("kinds") { (ctx: WorkflowContext, _: Int) in
        for (name, predicate) in [
          ("any", RetryPredicate.onAnyError), ("never", .never), ("timeout", .onErrorKind([.timeout])),
        ] {
          try? await ctx.stepBuilder(name).retryPolicy(.fixedWith(ms: 5, attempts: 3)).retryPredicate(predicate).execute
          {
            counter.add(name)
            throw StepError(.validationFailed, "no")
          }
        }
        return 0
      }
    } body: { kagzi, options in
      _ = try await kagzi.startWorkflow("kinds", 0, as: Int.self, options).result()
      #expect(counter.count("any") == 3)
      #expect(counter.count("never") == 1)
      #expect(counter.count("timeout") == 1)
    }
  }

  @Test("checklist 5: sleeping runs hold no slot, and sub-second sleeps are exact")
  func sleeps() async throws {
    try await WithServer.with(configure: { $0.maxConcurrentWorkflows(1) }) { kagzi in
      kagzi.registerWorkflow("nap") { (ctx: WorkflowContext, _: Int) in
        try await ctx.sleep("nap", .milliseconds(300))
        try await ctx.sleepUntil("past", Date(timeIntervalSince1970: 0))
        return 1
      }
    } body: { kagzi, options in
      let clock = ContinuousClock()
      let start = clock.now
      let sum = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<20 {
          group.addTask { try await kagzi.startWorkflow("nap", 0, as: Int.self, options).result() }
        }
        return try await group.reduce(0, +)
      }
      let elapsed = start.duration(to: clock.now)
      #expect(sum == 20)
      #expect(elapsed >= .milliseconds(300) && elapsed < .seconds(20), "\(elapsed)")
    }
  }

  @Test("checklist 3: failures, cancellation and termination are typed errors")
  func endings() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("fail") { (_: WorkflowContext, _: Int) -> Int in
        throw StepError(.businessLogicError, "no credit", code: "E42")
      }
      kagzi.registerWorkflow("wait") { (ctx: WorkflowContext, _: Int) -> Int in
        do {
          try await ctx.sleep("long", .seconds(3600))
          return 1
        } catch {
          try await ctx.uncancellable { try await ctx.step("cleanup") {} }
          throw error
        }
      }
    } body: { kagzi, options in
      let failing = try await kagzi.startWorkflow("fail", 0, as: Int.self, options)
      let failed = await #expect(throws: WorkflowError.self) { try await failing.result() }
      guard case .failed(_, let error) = failed else { return }
      #expect(error.kind == .businessLogicError && error.code == "E42")

      let cancelled = try await kagzi.startWorkflow("wait", 0, as: Int.self, options)
      try await until { try await cancelled.status() == .sleeping }
      try await cancelled.cancel(reason: "test")
      let cancellation = await #expect(throws: WorkflowError.self) { try await cancelled.result() }
      guard case .cancelled = cancellation else { throw StepError(.unknown, "\(String(describing: cancellation))") }
      #expect(try await cancelled.steps().map(\.key).contains("cleanup"))

      let terminated = try await kagzi.startWorkflow("wait", 0, as: Int.self, options)
      try await terminated.terminate(reason: "test")
      let termination = await #expect(throws: WorkflowError.self) { try await terminated.result() }
      guard case .terminated = termination else { throw StepError(.unknown, "\(String(describing: termination))") }
    }
  }

  @Test("checklist 3: starting twice starts one run")
  func idempotentStart() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("wait") { (ctx: WorkflowContext, _: Int) in
        try await ctx.sleep("short", .milliseconds(200))
        return 1
      }
    } body: { kagzi, options in
      var options = options
      options.workflowID = "order-\(UUID().uuidString)"
      options.requestID = UUID().uuidString
      let first = try await kagzi.startWorkflow("wait", 0, as: Int.self, options)
      let same = try await kagzi.startWorkflow("wait", 0, as: Int.self, options)
      #expect(first.runID == same.runID)
      options.requestID = nil
      let error = await #expect(throws: KagziError.self) {
        try await kagzi.startWorkflow("wait", 0, as: Int.self, options)
      }
      #expect(error?.code == .alreadyStarted && error?.runID == first.runID)
      options.conflictPolicy = .useExisting
      #expect(try await kagzi.startWorkflow("wait", 0, as: Int.self, options).runID == first.runID)
      #expect(try await first.result() == 1)
    }
  }

  @Test("checklist 16: an unknown run and a version that was never registered are refused")
  func refusals() async throws {
    let kagzi = try await WithServer.connect()
    let missing = await #expect(throws: KagziError.self) {
      try await kagzi.workflowHandle("0190c000-0000-7000-8000-000000000000").status()
    }
    #expect(missing?.code == .notFound)
    let version = await #expect(throws: KagziError.self) {
      try await kagzi.startWorkflowVersion("never-registered", 7, 0, as: Int.self)
    }
    #expect(version?.code == .refused)
    await kagzi.close()
  }

  @Test("checklist 17: versions run side by side")
  func versions() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflowVersion("price", 1) { (ctx: WorkflowContext, net: Double) in net }
      kagzi.registerWorkflowVersion("price", 2) { (ctx: WorkflowContext, net: Double) in net * 1.08 }
    } body: { kagzi, options in
      let first = try await kagzi.startWorkflowVersion("price", 1, 100.0, as: Double.self, options).result()
      let second = try await kagzi.startWorkflowVersion("price", 2, 100.0, as: Double.self, options).result()
      let byDefault = try await kagzi.startWorkflow("price", 100.0, as: Double.self, options).result()
      #expect([first, second, byDefault] == [100, 108, 100])
    }
  }

  @Test("an activity's progress reaches its next attempt, and cancellation reaches the activity")
  func activities() async throws {
    let began = Gate()
    let cancelled = Gate()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("copy") { (ctx: WorkflowContext, _: Int) in
        try await ctx.activity(
          "copy", 0, as: [Int].self,
          options: ActivityOptions(retryPolicy: .fixedWith(ms: 10, attempts: 3), heartbeatTimeout: .seconds(10)))
      }
      kagzi.registerActivity("copy") { (_: Int, context: ActivityContext) in
        if let reached = try context.previousProgress(as: Int.self) { return [context.attempt, reached] }
        try context.heartbeat(41)
        try await Task.sleep(for: .milliseconds(100))
        throw StepError(.networkError, "lost")
      }
      kagzi.registerWorkflow("stuck") { (ctx: WorkflowContext, _: Int) in try await ctx.activity("stuck", as: Int.self)
      }
      kagzi.registerActivity("stuck") { (context: ActivityContext) in
        began.open()
        do {
          try await Task.sleep(for: .seconds(3600))
        } catch {
          cancelled.open()
          throw error
        }
        return 1
      }
    } body: { kagzi, options in
      #expect(try await kagzi.startWorkflow("copy", 0, as: [Int].self, options).result() == [2, 41])
      let stuck = try await kagzi.startWorkflow("stuck", 0, as: Int.self, options)
      await began.wait()
      try await stuck.cancel()
      await cancelled.wait()
      let error = await #expect(throws: WorkflowError.self) { try await stuck.result() }
      guard case .cancelled = error else { throw StepError(.unknown, "\(String(describing: error))") }
    }
  }

  @Test("an activity that is handed away is completed by its token")
  func completeLater() async throws {
    let tokens = AsyncStream.makeStream(of: ActivityToken.self)
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("approve") { (ctx: WorkflowContext, _: Int) in
        try await ctx.activity("ask", as: String.self)
      }
      kagzi.registerActivity("ask") { (context: ActivityContext) in
        tokens.continuation.yield(context.completeLater())
        return ""
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("approve", 0, as: String.self, options)
      for await token in tokens.stream {
        // The report that hands it away is on its way.
        try await until { (try? await kagzi.completeActivity(token, "approved")) != nil }
        break
      }
      #expect(try await handle.result() == "approved")
    }
  }

  @Test("checklist 5: a function that is not kept in memory is replayed without running its steps again")
  func replay() async throws {
    let counter = Counter()
    try await WithServer.with(configure: { $0.maxCachedWorkflows(0) }) { kagzi in
      kagzi.registerWorkflow("replay") { (ctx: WorkflowContext, _: Int) in
        var sum = 0
        for _ in 0..<5 {
          sum += try await ctx.step("count") { counter.add() }
          try await ctx.sleep("nap", .milliseconds(5))
        }
        return sum
      }
    } body: { kagzi, options in
      let sum = try await kagzi.startWorkflow("replay", 0, as: Int.self, options).result()
      #expect(sum == 15)
      #expect(counter.count() == 5)
    }
  }

  @Test("two hundred runs at once")
  func many() async throws {
    try await WithServer.with(configure: { $0.maxConcurrentWorkflows(50).maxConcurrentActivities(50) }) { kagzi in
      kagzi.registerWorkflow("double") { (ctx: WorkflowContext, number: Int) in
        try await ctx.activity("double", number, as: Int.self)
      }
      kagzi.registerActivity("double") { (number: Int, _: ActivityContext) in number * 2 }
    } body: { kagzi, options in
      let sum = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<200 {
          group.addTask { try await kagzi.startWorkflow("double", number, as: Int.self, options).result() }
        }
        return try await group.reduce(0, +)
      }
      #expect(sum == 199 * 200)
    }
  }

  /// Waits for what only asking tells.
  private func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
  }
}
