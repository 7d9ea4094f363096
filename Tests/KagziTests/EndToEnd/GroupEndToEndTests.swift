import Foundation
import Testing

@testable import Kagzi

@Suite(
  "Groups, children and signals end to end", .withServer, .enabled(if: KagziServer.binary != nil), .serialized,
  .timeLimit(.minutes(3)))
struct GroupEndToEndTests {
  @Test("checklist 15: an activity wins a race against a local step that still runs, and its loser is cancelled")
  func mixedRace() async throws {
    let stopped = Gate()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("mixed-race") { (ctx: WorkflowContext) in
        let (winner, value) = try await ctx.race(
          "r",
          [
            .step("here") {
              do { try await Task.sleep(for: .seconds(60)) } catch { stopped.open() }
              return "here"
            },
            .activity("there", "quick"),
          ])
        return "\(winner) \(value)"
      }
      kagzi.registerActivity("quick") { (_: ActivityContext) in "elsewhere" }
    } body: { kagzi, options in
      let clock = ContinuousClock()
      let elapsed = try await clock.measure {
        let handle = try await kagzi.startWorkflow("mixed-race", as: String.self, options)
        #expect(try await handle.result() == "there elsewhere")
        let group = try await handle.groups().first
        #expect(group?.winner == "r/there" && group?.strategy == .race && group?.verdict == .succeeded)
      }
      await stopped.wait()
      #expect(elapsed < .seconds(30), "\(elapsed)")
    }
  }

  @Test(
    "checklist 15: a local step ends only because its worker is told that an activity won, or that the deadline passed")
  func toldWithoutAsking() async throws {
    let stopped = [Gate(), Gate()]
    let beside = Gate()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("told") { (ctx: WorkflowContext) in
        // It keeps the run from suspending until the race is over, so that no task tells.
        async let other = ctx.step("beside") {
          await beside.wait()
          return 1
        }
        let (winner, _) = try await ctx.race(
          "r",
          [.step("here") { await ResolvedElsewhereTests.endless(stopped[0]) }, .activity("there", "soon")])
        let late = try await ctx.collect(
          "late", [.step("here") { await ResolvedElsewhereTests.endless(stopped[1]) }],
          options: ParallelOptions(deadline: .milliseconds(200)))
        beside.open()
        return "\(winner) \(late.isDeadlinePassed) \(try await other)"
      }
      kagzi.registerActivity("soon") { (_: ActivityContext) in }
    } body: { kagzi, options in
      let clock = ContinuousClock()
      let elapsed = try await clock.measure {
        let handle = try await kagzi.startWorkflow("told", as: String.self, options)
        #expect(try await handle.result() == "there true 1")
      }
      for gate in stopped { await gate.wait() }
      #expect(elapsed < .seconds(30), "\(elapsed)")
    }
  }

  @Test("checklist 15: what is resolved while the coordinator is away, or dies over it, is told afterwards")
  func toldAfterKill() async throws {
    let began = Counter()
    let stopped = Counter()
    try await WithServer.with(configure: { $0.maxConcurrentWorkflows(20).maxConcurrentActivities(20) }) { kagzi in
      kagzi.registerWorkflow("told-after") { (ctx: WorkflowContext) in
        try await ctx.race(
          "r",
          [
            .step("here") {
              began.add()
              let gate = Gate()
              await ResolvedElsewhereTests.endless(gate)
              stopped.add()
              return 0
            }, .activity("there", "later", 7),
          ]
        ).value
      }
      kagzi.registerActivity("later") { (number: Int, _: ActivityContext) in
        while began.count() < 20 { try await Task.sleep(for: .milliseconds(1)) }
        return number
      }
    } body: { kagzi, options in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<20 {
          group.addTask { try await kagzi.startWorkflow("told-after", as: Int.self, options).result() }
        }
        while began.count() < 20 { try await Task.sleep(for: .milliseconds(1)) }
        try await WithServer.current?.restart(signal: SIGKILL)
        for try await value in group { #expect(value == 7) }
      }
      #expect(began.count() == 20)
      while stopped.count() < 20 { try await Task.sleep(for: .milliseconds(1)) }
    }
  }

  @Test("checklist 12: outcomes of activities come along when a local step is the last to end")
  func mixedCollect() async throws {
    let last = Gate()
    let settled = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("mixed-collect") { (ctx: WorkflowContext) in
        let result = try await ctx.collect(
          "all",
          [
            .activity("good", "work", 1, as: Int.self), .activity("bad", "work", -1, as: Int.self),
            .step("last") {
              await last.wait()
              return 3
            },
          ])
        return "\(result.results) \(result["bad"].map { "\($0)" }?.contains("negative") ?? false)"
      }
      kagzi.registerActivity("work") { (number: Int, _: ActivityContext) in
        settled.add()
        if number < 0 { throw StepError(.validationFailed, "negative") }
        return number
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("mixed-collect", as: String.self, options)
      while true {
        let group = try await handle.groups().first
        if group?.failed == 1, group?.succeeded == 1 { break }
        try await Task.sleep(for: .milliseconds(10))
      }
      last.open()
      #expect(try await handle.result() == "[1, 3] true")
      #expect(settled.count() == 2)
    }
  }

  @Test("checklist 12: an executor with fail-fast cancels the activity that still runs")
  func failFast() async throws {
    let began = Gate()
    let cancelled = Gate()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("fail-fast") { (ctx: WorkflowContext) in
        let executor = ParallelExecutor(ctx, UUID(), nil, .failFast)
        async let long = executor.executeActivity("long", "long", 0, as: Int.self)
        do {
          try await executor.executeStep("bad") {
            await began.wait()
            throw StepError(.businessLogicError, "no")
          }
        } catch let error as StepError {
          do { return "\(try await long)" } catch let other as StepError { return "\(error.message) \(other.kind)" }
        }
        return ""
      }
      kagzi.registerActivity("long") { (_: Int, _: ActivityContext) in
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
      let handle = try await kagzi.startWorkflow("fail-fast", as: String.self, options)
      #expect(try await handle.result() == "no cancelled")
      await cancelled.wait()
    }
  }

  @Test("checklist 14: two thousand activities, at most so many at a time, results in order; replayed, too")
  func many() async throws {
    let running = Counter()
    try await WithServer.with(
      configure: { $0.maxConcurrentActivities(100).maxCachedWorkflows(0) }
    ) { kagzi in
      kagzi.registerWorkflow("many") { (ctx: WorkflowContext, count: Int) in
        let numbers = try await ctx.parallelVec(
          "m", (0..<count).map { .activity("n\($0)", "echo", $0, as: Int.self) },
          options: ParallelOptions(maxConcurrency: 50))
        try await ctx.sleep("nap", .milliseconds(5))
        return numbers == Array(0..<count)
      }
      kagzi.registerActivity("echo") { (number: Int, _: ActivityContext) in
        running.add()
        return number
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("many", 2_000, as: Bool.self, options)
      #expect(try await handle.result())
      #expect(running.count() == 2_000)
      let group = try await handle.groups().first
      #expect(group?.succeeded == 2_000 && group?.memberCount == 2_000)
    }
  }

  @Test("a quorum, and a deadline that ends with what is there")
  func quorumAndDeadline() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("quorum") { (ctx: WorkflowContext) in
        let two = try await ctx.quorum(
          "two", 2, [.activity("a", "answer", 1, as: Int.self), .step("b") { 2 }, .activity("c", "answer", 0)])
        let late = try await ctx.collect(
          "late", [.activity("a", "answer", 1, as: Int.self), .activity("b", "answer", 0)],
          options: ParallelOptions(deadline: .milliseconds(300)))
        return "\(two.results) \(late.results) \(late.isDeadlinePassed)"
      }
      kagzi.registerActivity("answer") { (number: Int, _: ActivityContext) in
        if number == 0 { try await Task.sleep(for: .seconds(3600)) }
        return number
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("quorum", as: String.self, options)
      #expect(try await handle.result() == "[1, 2] [1] true")
    }
  }

  @Test("checklist 14: groups go on after the coordinator was killed, each member recorded once")
  func killedCoordinator() async throws {
    let counter = Counter()
    try await WithServer.with(configure: { $0.maxConcurrentActivities(20) }) { kagzi in
      kagzi.registerWorkflow("killed") { (ctx: WorkflowContext, count: Int) in
        var sum = 0
        for round in 0..<3 {
          sum += try await ctx.parallelVec(
            "g",
            (0..<count).map { number in
              number % 3 == 0
                ? .step("m\(number)") {
                  try await Task.sleep(for: .milliseconds(3))
                  return number
                } : .activity("m\(number)", "work", number)
            }
          ).reduce(0, +)
          sum += try await ctx.race("r", [.activity("a", "work", round), .activity("b", "work", round)]).value
        }
        return sum
      }
      kagzi.registerActivity("work") { (number: Int, _: ActivityContext) in
        counter.add()
        try await Task.sleep(for: .milliseconds(3))
        return number
      }
    } body: { kagzi, options in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<10 {
          group.addTask { try await kagzi.startWorkflow("killed", 30, as: Int.self, options).result() }
        }
        while counter.count() < 100 { try await Task.sleep(for: .milliseconds(5)) }
        try await WithServer.current?.restart(signal: SIGKILL)
        for try await sum in group { #expect(sum == 3 * (29 * 30 / 2) + 3) }
      }
    }
  }

  @Test("signals in order and once, by workflow id, before and while they are waited for; signal-with-start")
  func signals() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("collect-signals") { (ctx: WorkflowContext, count: Int) in
        var numbers: [Int] = []
        for _ in 0..<count { numbers.append(try await ctx.waitForSignal("number")) }
        let none: Int? = try await ctx.waitForSignal("number", timeout: .milliseconds(50))
        return none == nil ? numbers : []
      }
    } body: { kagzi, options in
      let id = "signals-\(UUID().uuidString)"
      let handle: WorkflowHandle<[Int]> = try await kagzi.signalWithStart(
        "collect-signals", 20, workflowID: id, signal: "number", 0, options: options)
      for number in 1..<20 {
        try await kagzi.signal(workflowID: id, "number", number, requestID: "request-\(number)")
        try await kagzi.signal(workflowID: id, "number", number, requestID: "request-\(number)")
      }
      #expect(try await handle.result() == Array(0..<20))
      let error = await #expect(throws: KagziError.self) { try await handle.signal("number", 1) }
      #expect(error?.code == .refused)
    }
  }

  @Test("children in a group, a failing child, and a handle that follows a run that goes on as new ones")
  func children() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("family") { (ctx: WorkflowContext) in
        let doubled = try await ctx.parallelVec("c", (0..<5).map { .child("c\($0)", "double", $0, as: Int.self) })
        do {
          try await ctx.child("stillborn", 0)
        } catch let error as StepError {
          return "\(doubled) \(error.kind) \(error.message)"
        }
        return ""
      }
      kagzi.registerWorkflow("double") { (_: WorkflowContext, number: Int) in number * 2 }
      kagzi.registerWorkflow("stillborn") { (_: WorkflowContext, _: Int) in throw StepError(.notFound, "nobody") }
      kagzi.registerWorkflow("twenty") { (ctx: WorkflowContext, number: Int) -> Int in
        guard number < 20 else { return number }
        // Whatever it catches, it goes on as a new run.
        do { try await ctx.continueAsNew(number + 1) } catch { _ = try? await ctx.step("late") { 1 } }
        return -1
      }
    } body: { kagzi, options in
      let family = try await kagzi.startWorkflow("family", as: String.self, options)
      #expect(try await family.result() == "[0, 2, 4, 6, 8] notFound nobody")
      let twenty = try await kagzi.startWorkflow("twenty", 0, as: Int.self, options)
      #expect(try await twenty.result() == 20)
      #expect(try await twenty.status() == .continued)
    }
  }
}
