import GRPC
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A workflow function", .timeLimit(.minutes(1)))
struct WorkflowTests {
  @Test("local steps run once each and their outputs come back")
  func localSteps() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, name: String) in
      let greeting = try await context.step("greet") {
        counter.add("greet")
        return "Hello, \(name)"
      }
      return try await context.step("shout") { greeting + "!" }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", "Ada", id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "Hello, Ada!")
      #expect(counter.count("greet") == 1)
      #expect(fixture.coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("an activity suspends the run, which goes on with a delta")
  func activity() async throws {
    let workflow = WorkerFixture.workflow { (context, number: Int) in
      let doubled = try await context.activity("double", number, as: Int.self)
      return try await context.activity("double", doubled, as: Int.self)
    }
    let double = WorkerFixture.activity { (number: Int, _) in number * 2 }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["double": double]) { fixture in
      try fixture.coordinator.start("w", 21, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: Int.self) == 84)
      fixture.coordinator.state.withLock { state in
        #expect(state.runs["1"]?.order == ["double", "double#2"])
        #expect(state.runs["1"]?.tasks == 3)
        #expect(state.runs["1"]?.deltas == 2)
      }
    }
  }

  @Test("everything asked for at once goes in one report")
  func oneReport() async throws {
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      async let a = context.activity("a", 1, as: Int.self)
      async let b = context.activity("b", 2, as: Int.self)
      async let c: Void = context.sleep("c", .milliseconds(1))
      _ = try await c
      return try await a + b
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["a": echo, "b": echo]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: Int.self) == 3)
      let first = fixture.coordinator.state.withLock { $0.reports.first }
      guard case .workflow(let report) = first?.report else { throw StepError(.unknown, "no report") }
      #expect(report.commands.count == 3)
      #expect(report.outcome == .suspend(Suspend(sticky: true)))
    }
  }

  @Test("checklist 7: a failing step without a policy fails once, and the error keeps its kind")
  func failure() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      do {
        return try await context.step("pay") { () async throws -> String in
          counter.add()
          throw StepError(.rateLimited, "slow down", code: "E1")
        }
      } catch let error as StepError {
        return "\(error.kind.rawValue) \(error.message) \(error.code)"
      }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: String.self) == "RATE_LIMITED slow down E1")
      #expect(counter.count() == 1)
    }
  }

  @Test("checklist 7: a step with a policy is tried again", arguments: [0, 100])
  func retries(elsewhere: Int) async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      try await StepBuilder("call").retryPolicy(.fixedWith(ms: 1, attempts: 4)).execute(context) {
        if counter.add() < 3 { throw StepError(.networkError, "no route") }
        return counter.count()
      }
    }
    let coordinator = FakeCoordinator(faults: .init(retriesElsewhere: elsewhere))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: Int.self) == 3)
      #expect(fixture.coordinator.state.withLock { $0.violations } == [])
    }
  }

  @Test("checklist 6: the manual retry loop of V1 uses a new key each time round")
  func manualLoop() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      var attempts = 0
      while true {
        attempts += 1
        do {
          return try await context.step("fetch") { () async throws -> Int in
            if counter.add() < 3 { throw StepError(.unknown, "not yet") }
            return 42
          }
        } catch  where attempts < 3 {
          try await Task.sleep(for: .milliseconds(1))
        }
      }
    }
    try await WorkerFixture.with(workflows: ["w": workflow]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: Int.self) == 42)
      #expect(fixture.coordinator.state.withLock { $0.runs["1"]?.order } == ["fetch", "fetch#2", "fetch#3"])
    }
  }

  @Test("two steps of one name in flight are a mistake that is thrown")
  func duplicateName() async throws {
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      async let a = context.activity("same", 1, as: Int.self)
      async let b = context.activity("same", 2, as: Int.self)
      return try await a + b
    }
    let echo = WorkerFixture.activity { (number: Int, _) in number }
    try await WorkerFixture.with(workflows: ["w": workflow], activities: ["same": echo]) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      let error = await #expect(throws: StepError.self) {
        try await fixture.coordinator.result(of: "1", as: Int.self)
      }
      #expect(error?.code == "DUPLICATE_STEP_NAME")
    }
  }

  @Test("a recorded step asked for as another kind parks the run")
  func otherKind() async throws {
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.step("x") { 1 } }
    let coordinator = FakeCoordinator()
    try coordinator.start("w", 0, id: "1")
    coordinator.state.withLock { state in
      state.runs["1"]?.order = ["x"]
      state.runs["1"]?.steps["x"] = StepRecord(key: "x", kind: .activity, state: .completed, output: PayloadCoding.null)
    }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      guard case .park(let park) = await coordinator.outcome(of: "1") else { throw StepError(.unknown, "not parked") }
      #expect(park.reason.contains("an activity") && park.reason.contains("a local step"))
    }
  }

  @Test("a function that forgets a recorded step parks the run")
  func forgotten() async throws {
    let workflow = WorkerFixture.workflow { (_, _: Int) in 1 }
    let coordinator = FakeCoordinator()
    try coordinator.start("w", 0, id: "1")
    coordinator.state.withLock { state in
      state.runs["1"]?.order = ["gone"]
      state.runs["1"]?.steps["gone"] = StepRecord(key: "gone", kind: .local, state: .completed)
    }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      guard case .park(let park) = await coordinator.outcome(of: "1") else { throw StepError(.unknown, "not parked") }
      #expect(park.reason.contains("\"gone\""))
    }
  }

  @Test("cancellation is thrown from the call that waits, and shielded cleanup still runs")
  func cancellation() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      do {
        try await context.sleep("long", .seconds(1000))
      } catch let error as StepError where error.kind == .cancelled {
        await #expect(throws: StepError.self) { try await context.step("no more") { 1 } }
        try await context.uncancellable {
          try await context.step("cleanup") { _ = counter.add("cleanup") }
        }
        throw error
      }
      return 0
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.reports.count == 1 }
      coordinator.cancel("1")
      guard case .fail(let fail) = await coordinator.outcome(of: "1") else { throw StepError(.unknown, "no failure") }
      #expect(fail.failure?.kind == .cancelled)
      #expect(counter.count("cleanup") == 1)
    }
  }

  @Test("a cancelled child task of the function throws, and its activity is cancelled")
  func childTaskCancelled() async throws {
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await context.activity("never", 1, as: Int.self) }
        group.addTask { try await context.activity("fast", 2, as: Int.self) }
        let first = try await group.next() ?? 0
        group.cancelAll()
        return first
      }
    }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1000))
      return 1
    }
    let fast = WorkerFixture.activity { (number: Int, _) in number }
    let gates = ["never": never, "fast": fast]
    try await WorkerFixture.with(workflows: ["w": workflow], activities: gates, gracefulTimeout: .zero) { fixture in
      try fixture.coordinator.start("w", 0, id: "1")
      #expect(try await fixture.coordinator.result(of: "1", as: Int.self) == 2)
      #expect(fixture.coordinator.state.withLock { $0.runs["1"]?.steps["never"]?.state } == .cancelled)
    }
  }

  @Test("random numbers, the clock and the run's facts are the same on a replay")
  func facts() async throws {
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      var random = context.random
      let number = Int.random(in: 0..<1_000_000, using: &random)
      try await context.sleep("nap", .zero)
      return ["\(number)", context.workflowRunID, context.workflowName, context.workflowID, "\(context.now)"]
    }
    var results: [[String]] = []
    for whole in [0, 100] {
      let coordinator = FakeCoordinator(faults: .init(wholeTasks: whole))
      try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { fixture in
        try coordinator.start("w", 0, id: "1")
        results.append(try await coordinator.result(of: "1", as: [String].self))
      }
    }
    #expect(results[0] == results[1])
    #expect(results[0][1...3] == ["1", "w", "id-1"])
  }
}
