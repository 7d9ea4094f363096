import Foundation
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A parallel executor", .timeLimit(.minutes(1)))
struct ParallelExecutorTests {
  @Test("checklist 12: steps and activities from concurrent child tasks, memoized one by one", arguments: [0, 100])
  func childTasks(wholeTasks: Int) async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, UUID(), nil, .failFast)
      async let user = executor.executeStep("user") { () async throws -> String in
        counter.add("user")
        return "Ada"
      }
      async let posts = executor.executeActivity("posts", "count", 3, as: Int.self)
      async let comments = executor.executeStep("comments") { counter.add("comments") }
      return "\(try await user) \(try await posts) \(try await comments)"
    }
    let count = WorkerFixture.activity { (number: Int, _) in number * 2 }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["count": count]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "Ada 6 1")
      #expect(counter.count("user") == 1 && counter.count("comments") == 1)
      coordinator.state.withLock { state in
        #expect(state.runs["1"]?.order.sorted() == ["group/comments", "group/posts", "group/user"])
        #expect(state.runs["1"]?.groups["group"]?.open.memberCount == 0)
        #expect(state.violations == [])
      }
    }
  }

  @Test("checklist 12: with fail-fast the first failure cancels what runs, and what comes later", arguments: [0, 100])
  func failFast(wholeTasks: Int) async throws {
    let began = Gate()
    let stopped = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "pay", "order", .failFast)
      async let slow = executor.executeStep("slow") {
        began.open()
        do { try await Task.sleep(for: .seconds(1_000)) } catch { stopped.open() }
        return 1
      }
      var said = ""
      do {
        _ = try await executor.executeStep("bad") { () async throws -> Int in
          await began.wait()
          throw StepError(.validationFailed, "no")
        }
      } catch let error as StepError {
        said += error.message
      }
      do { _ = try await slow } catch let error as StepError { said += " \(error.kind)" }
      do {
        _ = try await executor.executeStep("late") { 1 }
      } catch let error as StepError {
        said += " \(error.kind)"
      }
      try await ctx.sleep("nap", .zero)
      return said
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "no cancelled cancelled")
      await stopped.wait()
      #expect(coordinator.state.withLock { $0.runs["1"]?.groups["order/pay"]?.record.failedStep } == "order/pay/bad")
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("checklist 12: with collect-all every member runs to its end")
  func collectAll() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "all", nil, .collectAll)
      let result = try await executor.executeAll([
        .step("a") { 1 }, .step("b") { () async throws -> Int in throw StepError(.notFound, "b") },
        .activity("c", "echo", 3),
      ])
      return "\(result.results) \(result.errors.map(\.message))"
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["echo": echo]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "[1, 3] [\"b\"]")
    }
  }

  @Test("members retry by their policy, in place or not", arguments: [0, 100])
  func retries(elsewhere: Int) async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "all")
      async let flaky = executor.executeStep("flaky", retryPolicy: .fixedWith(ms: 1, attempts: 5)) {
        if counter.add() < 3 { throw StepError(.networkError, "not yet") }
        return counter.count()
      }
      async let member = ctx.parallelVec(
        "vec",
        [
          .step("flaky", retryPolicy: .fixedWith(ms: 1, attempts: 5)) {
            if counter.add("vec") < 3 { throw StepError(.networkError, "not yet") }
            return counter.count("vec")
          }
        ])
      return try await member + [flaky]
    }
    let coordinator = FakeCoordinator(faults: .init(retriesElsewhere: elsewhere))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: [Int].self) == [3, 3])
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test(
    "at most so many local members are at work at a time, with either strategy, retries included",
    arguments: [ParallelErrorStrategy.failFast, .collectAll], [0, 100])
  func maxConcurrency(strategy: ParallelErrorStrategy, faults: Int) async throws {
    let counter = Counter()
    let running = Mutex((now: 0, most: 0))
    let three = Gate()
    let allAsked = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "few", nil, strategy, options: ParallelOptions(maxConcurrency: 3))
      // It is reported, and so runs, when nothing in the function can go on: then all members were asked for.
      async let probe = ctx.activity("probe", 0, as: Int.self)
      let result = try await executor.executeAll(
        (0..<20).map { number in
          .step("m\(number)", retryPolicy: .fixedWith(ms: 1, attempts: 3)) {
            let now = running.withLock { running in
              running.now += 1
              running.most = max(running.most, running.now)
              return running.now
            }
            defer { running.withLock { $0.now -= 1 } }
            // The first ones wait for each other, so that three are at work for certain.
            if now == 3 { three.open() }
            await three.wait()
            await allAsked.wait()
            if counter.add("m\(number)") == 1, number % 5 == 0 { throw StepError(.networkError, "not yet") }
            return number
          }
        })
      return try result.intoResult() + [try await probe]
    }
    let probe = WorkerFixture.activity { (_: Int, _) in
      allAsked.open()
      return 20
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: faults, retriesElsewhere: faults))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["probe": probe]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: [Int].self) == Array(0...20))
      #expect(running.withLock(\.most) == 3)
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("a member that waits for its turn ends with its group, and with its caller's task", arguments: [0, 100])
  func waitingMembersEnd(wholeTasks: Int) async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "one", nil, .failFast, options: ParallelOptions(maxConcurrency: 1))
      let began = Gate()
      let goOn = Gate()
      async let first = executor.executeStep("first") { () async throws -> Int in
        began.open()
        await goOn.wait()
        throw StepError(.validationFailed, "no")
      }
      await began.wait()
      async let given = withThrowingTaskGroup(of: Int.self) { tasks in
        tasks.addTask { try await executor.executeStep("given up") { counter.add() } }
        tasks.cancelAll()
        return try await tasks.next() ?? 0
      }
      var said = ""
      do { _ = try await given } catch let error as StepError { said += "\(error.kind)" }
      async let second = executor.executeStep("second") { counter.add() }
      goOn.open()
      do { _ = try await first } catch let error as StepError { said += " \(error.message)" }
      do { _ = try await second } catch let error as StepError { said += " \(error.kind)" }
      return said
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "cancelled no cancelled")
      #expect(counter.count() == 0)
      #expect(coordinator.state.withLock { $0.violations } == [])
    }
  }
}
