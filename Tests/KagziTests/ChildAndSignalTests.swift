import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("Children, signals and continuing as new", .timeLimit(.minutes(1)))
struct ChildAndSignalTests {
  @Test("a child's output and its failure come back", arguments: [0, 100])
  func children(wholeTasks: Int) async throws {
    let parent = WorkerFixture.workflow { (ctx, number: Int) in
      let doubled = try await ctx.child("double", number, as: Int.self)
      do {
        _ = try await ctx.child(
          "fail", 0, as: Int.self, options: ChildOptions(parentClosePolicy: .abandon, tags: ["a": "b"]))
      } catch let error as StepError {
        let both = try await ctx.parallelVec("two", [.child("a", "double", 5, as: Int.self), .step("b") { 1 }])
        return "\(doubled) \(error.code) \(both)"
      }
      return "no failure"
    }
    let double = WorkerFixture.workflow { (_, number: Int) in number * 2 }
    let fail = WorkerFixture.workflow { (_, _: Int) -> Int in throw StepError(.notFound, "nothing", code: "E7") }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    let workflows = ["parent": parent, "double": double, "fail": fail]
    try await WorkerFixture.with(coordinator, workflows: workflows) { _ in
      try coordinator.start("parent", 21, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "42 E7 [10, 1]")
      let child = coordinator.state.withLock { $0.children[1] }
      #expect(child.parentClosePolicy == .abandon && child.tags == ["a": "b"])
    }
  }

  @Test("signals are taken in order, early ones too, and a timeout gives nil", arguments: [0, 100])
  func signals(wholeTasks: Int) async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let first = try await ctx.waitForSignal("approve", as: String.self)
      let second = try await ctx.waitForSignal("approve", timeout: .seconds(3600), as: String.self)
      let third: String? = try await ctx.waitForSignal("approve", timeout: .seconds(1))
      return [first, second ?? "none", third ?? "none"]
    }
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      try coordinator.signal("1", "approve", "Ada")
      try coordinator.signal("1", "approve", "Grace")
      await coordinator.until { $0.runs["1"]?.steps["approve#3"] != nil }
      coordinator.timeOutSignal("1")
      #expect(try await coordinator.result(of: "1", as: [String].self) == ["Ada", "Grace", "none"])
    }
  }

  @Test("continuing as new ends the run, whatever the function catches")
  func continueAsNew() async throws {
    let after = Counter()
    let workflow = WorkerFixture.workflow { (ctx, number: Int) -> Int in
      try await ctx.step("work") {}
      do {
        try await ctx.continueAsNew(number + 1, version: 3)
      } catch {
        // All of it is swallowed, and none of it counts.
        after.add("caught")
        _ = try? await ctx.step("more") { after.add("more") }
        try? await ctx.sleep("more", .seconds(1))
      }
      return 99
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 1, id: "1")
      guard case .continueAsNew(let continuation) = await coordinator.outcome(of: "1") else {
        throw StepError(.unknown, "not continued")
      }
      #expect(continuation.workflowVersion == 3)
      #expect(try PayloadCoding.decode(Int.self, from: continuation.input) == 2)
      #expect(after.count("more") == 0)
      #expect(coordinator.state.withLock { $0.runs["1"]?.order } == ["work"])
    }
  }

  @Test(
    "suspension cannot be caught: a function that catches everything cannot swallow suspension or being dropped",
    arguments: [0, 100])
  func catchesEverything(wholeTasks: Int) async throws {
    let compensated = Counter()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      var said: [String] = []
      for round in 0..<3 {
        do {
          said.append(try await ctx.activity("echo", "\(round)", as: String.self))
          try await ctx.sleep("nap", .milliseconds(1))
        } catch {
          compensated.add()
          said.append("compensated")
        }
      }
      return said
    }
    let echo = WorkerFixture.activity { (text: String, _) in text }
    // Nothing stays in memory: every suspension drops the function.
    let coordinator = FakeCoordinator(faults: .init(wholeTasks: wholeTasks))
    try await WorkerFixture.with(
      coordinator, workflows: ["w": workflow], activities: ["echo": echo], maxSuspended: wholeTasks == 0 ? 10 : 0
    ) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: [String].self) == ["0", "1", "2"])
      coordinator.state.withLock { state in
        #expect(state.runs["1"]?.order == ["echo", "nap", "echo#2", "nap#2", "echo#3", "nap#3"])
        #expect(state.violations == [])
      }
      if wholeTasks == 0 { #expect(compensated.count() == 0) }
    }
  }
}
