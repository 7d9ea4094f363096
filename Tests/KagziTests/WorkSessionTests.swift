import GRPC
import Logging
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("A worker's session", .timeLimit(.minutes(1)))
struct WorkSessionTests {
  @Test("a broken stream is opened again with the tasks still held, and unanswered reports go out again")
  func resume() async throws {
    let gate = Gate()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      try await context.step("slow") {
        await gate.wait()
        return 5
      }
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.token != nil && $0.accepted.count == 1 }
      coordinator.breakStream()
      await coordinator.until { $0.hellos.count == 2 }
      #expect(coordinator.state.withLock { $0.hellos[1].heldTokens } == [Array("run-1".utf8)])
      gate.open()
      #expect(try await coordinator.result(of: "1", as: Int.self) == 5)
      #expect(coordinator.state.withLock { $0.runs["1"]?.tasks } == 1)
    }
  }

  @Test("a lost session registers again and begins anew")
  func sessionLost() async throws {
    let status = Status(.failedPrecondition, "lost", details: try packed(SessionLost(reason: "test"), "SessionLost"))
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.step("s") { 1 } }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      await coordinator.until { $0.hellos.count == 1 }
      coordinator.breakStream(status)
      await coordinator.until { $0.registrations.count == 2 && $0.hellos.count == 2 }
      #expect(coordinator.state.withLock { $0.hellos[1].heldTokens } == [])
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: Int.self) == 1)
    }
  }

  @Test("a delta for a function that was evicted is given back, and the whole task replays it")
  func eviction() async throws {
    let counter = Counter()
    let workflow = WorkerFixture.workflow { (context, _: Int) in
      let first = try await context.step("first") { counter.add() }
      try await context.sleep("nap", .milliseconds(1))
      return first
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], maxSuspended: 0) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: Int.self) == 1)
      #expect(counter.count() == 1)
      let giveBacks = coordinator.state.withLock { state in
        state.reports.filter { report in
          guard case .workflow(let workflow) = report.report else { return false }
          guard case .giveBack(let giveBack) = workflow.outcome else { return false }
          return giveBack.evicted
        }.count
      }
      #expect(giveBacks == 1)
    }
  }

  @Test("an unknown type is given back and its slot granted again")
  func unknownType() async throws {
    let workflow = WorkerFixture.workflow { (_, _: Int) in 1 }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], slots: 1) { _ in
      await coordinator.until { !$0.hellos.isEmpty }
      coordinator.send(
        .task(WorkerTask(token: [1], runID: "x", workflowType: "other", task: .workflow(WorkflowTask()))))
      await coordinator.until { $0.reports.count == 1 }
      let report = coordinator.state.withLock { $0.reports[0] }
      guard case .workflow(let workflow) = report.report, case .giveBack(let giveBack) = workflow.outcome else {
        throw StepError(.unknown, "not given back")
      }
      #expect(giveBack.reason.contains("other") && !giveBack.evicted)
      #expect(report.grant == SlotGrant(workflowSlots: 1, activitySlots: 0))
    }
  }

  @Test("cancellation reaches an activity, which reports that it was cancelled")
  func activityCancelled() async throws {
    let coordinator = FakeCoordinator()
    let activity = WorkerFixture.activity { (_: Int, context) in
      try context.heartbeat(3)
      try await Task.sleep(for: .seconds(1000))
      return 1
    }
    try await WorkerFixture.with(coordinator, activities: ["a": activity]) { _ in
      await coordinator.until { !$0.hellos.isEmpty }
      coordinator.send(
        .task(
          WorkerTask(
            token: [9],
            task: .activity(ActivityTask(activityType: "a", activityVersion: 1, input: try PayloadCoding.encode(0))))))
      await coordinator.until { $0.beats.contains { $0.progress.map(\.token) == [[9]] } }
      coordinator.send(.cancel(CancelTask(token: [9])))
      await coordinator.until { $0.reports.count == 1 }
      guard case .activity(let report) = coordinator.state.withLock({ $0.reports[0].report }) else { return }
      guard case .cancelled = report.outcome else { throw StepError(.unknown, "\(report)") }
    }
  }

  @Test("progress is handed to the next attempt")
  func progress() async throws {
    let coordinator = FakeCoordinator()
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.activity("a", 0, as: [Int].self) }
    let activity = WorkerFixture.activity { (_: Int, context) in
      if context.attempt == 1 {
        try context.heartbeat(41)
        await coordinator.until { !$0.beats.isEmpty }
        throw StepError(.networkError, "again")
      }
      return [context.attempt, try context.previousProgress(as: Int.self) ?? 0]
    }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["a": activity]) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: [Int].self) == [2, 41])
    }
  }

  @Test("checklist 19: a stopping worker finishes what runs, then says goodbye")
  func drain() async throws {
    let began = Gate()
    let gate = Gate()
    let coordinator = FakeCoordinator()
    let activity = WorkerFixture.activity { (_: Int, _) in
      began.open()
      await gate.wait()
      return 1
    }
    let workflow = WorkerFixture.workflow { (context, _: Int) in try await context.activity("a", 0, as: Int.self) }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["a": activity]) { fixture in
      try coordinator.start("w", 0, id: "1")
      await began.wait()
      fixture.session.stop()
      gate.open()
      await coordinator.until { $0.goodbyes == 1 }
      #expect(coordinator.state.withLock { $0.runs["1"]?.steps["a"]?.state } == .completed)
    }
  }

  @Test("checklist 19: what is not finished at the graceful timeout is given back")
  func handBack() async throws {
    let coordinator = FakeCoordinator()
    let activity = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1000))
      return 1
    }
    try await WorkerFixture.with(coordinator, activities: ["a": activity], gracefulTimeout: .milliseconds(20)) {
      fixture in
      await coordinator.until { !$0.hellos.isEmpty }
      coordinator.send(
        .task(
          WorkerTask(token: [9], task: .activity(ActivityTask(activityType: "a", input: try PayloadCoding.encode(0))))))
      await coordinator.until { $0.accepted == [[9]] }
      fixture.session.stop()
      await coordinator.until { $0.goodbyes == 1 }
      guard case .activity(let report) = coordinator.state.withLock({ $0.reports[0].report }) else { return }
      guard case .giveBack = report.outcome else { throw StepError(.unknown, "\(report)") }
    }
  }

  @Test("checklist 4: a worker starts once")
  func startsOnce() async throws {
    let coordinator = FakeCoordinator()
    let worker = Worker(configuration: WorkerConfiguration(workerID: "w", hostname: "h")) {
      var registrations = Registrations()
      registrations.workflows[TypeKey(name: "w", version: 1)] = { _, _ in PayloadCoding.null }
      return WorkSession(
        configuration: WorkerConfiguration(workerID: "w", hostname: "h"), registrations: registrations,
        coordinator: coordinator, logger: Logger(label: "test"))
    }
    #expect(!worker.isRunning)
    async let work: Void = worker.start()
    await coordinator.until { $0.hellos.count == 1 }
    #expect(worker.isRunning)
    await #expect(throws: WorkerError.alreadyStarted) { try await worker.start() }
    worker.stop()
    try await work
    #expect(!worker.isRunning)
  }

  private func packed(_ message: some WireMessage, _ name: String) throws -> [UInt8] {
    let value = message.withWireBytes { Array($0) }
    let any = AnyMessage(typeURL: "type.googleapis.com/kagzi.v1.\(name)", value: value)
    return RPCStatus(code: 9, message: "", details: [any]).withWireBytes { Array($0) }
  }
}
