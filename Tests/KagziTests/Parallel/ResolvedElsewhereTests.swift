import GRPC
import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("Groups that are resolved elsewhere while local members run", .timeLimit(.minutes(1)))
struct ResolvedElsewhereTests {
  /// A local member that ends only when it is cancelled; opens the gate then.
  static func endless(_ cancelled: Gate) async {
    await withTaskCancellationHandler {
      await cancelled.wait()
    } onCancel: {
      cancelled.open()
    }
  }

  /// What the run's reports said, in order, without those of activities.
  static func outcomes(_ coordinator: FakeCoordinator) -> [WorkflowReport] {
    coordinator.state.withLock { state in
      state.reports.compactMap { report in
        if case .workflow(let workflow) = report.report { workflow } else { nil as WorkflowReport? }
      }
    }
  }

  @Test(
    "checklist 15: an activity wins: the local member is cancelled and the function goes on, and nobody asked",
    arguments: [nil, 1])
  func race(pageSize: Int?) async throws {
    let cancelled = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let (winner, value) = try await ctx.race(
        "r",
        [
          .step("here") {
            await Self.endless(cancelled); return 0
          }, .activity("a", "never", 1), .activity("b", "double", 4),
        ])
      return "\(winner) \(value)"
    }
    let double = WorkerFixture.activity { (number: Int, _) in number * 2 }
    let never = WorkerFixture.activity { (_: Int, _) in
      try await Task.sleep(for: .seconds(1_000))
      return 1
    }
    let coordinator = FakeCoordinator(faults: .init(pageSize: pageSize))
    try await WorkerFixture.with(
      coordinator, workflows: ["w": workflow], activities: ["double": double, "never": never]
    ) {
      _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "b 8")
      await cancelled.wait()
      let reports = Self.outcomes(coordinator)
      #expect(reports.count == 2 && reports.first?.outcome == .continue(Continue()), "\(reports)")
      #expect(coordinator.state.withLock { $0.runs["1"]?.tasks } == 1)
      #expect(coordinator.state.withLock { $0.fetches == 0 } == (pageSize == nil))
    }
  }

  @Test("a deadline that passes over local members alone ends them")
  func deadline() async throws {
    let cancelled = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let late = try await ctx.collect(
        "late",
        [
          .step("a") {
            await Self.endless(cancelled); return 1
          }
        ], options: ParallelOptions(deadline: .seconds(5)))
      return "\(late.results) \(late.isDeadlinePassed)"
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.groups["late"] != nil }
      coordinator.passDeadline(of: "late", "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "[] true")
      await cancelled.wait()
    }
  }

  @Test("an executor with fail-fast whose activity fails cancels the local member that runs")
  func executor() async throws {
    let cancelled = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let executor = ParallelExecutor(ctx, "g", nil, .failFast)
      async let here: Void = executor.executeStep("here") { await Self.endless(cancelled) }
      do {
        _ = try await executor.executeActivity("far", "fails", 1, as: Int.self)
      } catch let error as StepError {
        do { try await here } catch let other as StepError { return "\(error.message), \(other.kind)" }
      }
      return ""
    }
    let fails = WorkerFixture.activity { (_: Int, _) -> Int in throw StepError(.validationFailed, "declined") }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow], activities: ["fails": fails]) { _ in
      try coordinator.start("w", 0, id: "1")
      #expect(try await coordinator.result(of: "1", as: String.self) == "declined, cancelled")
      await cancelled.wait()
    }
  }

  @Test("what was resolved while the connection was away is told on the next one")
  func reconnects() async throws {
    let cancelled = Gate()
    let began = Gate()
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let late = try await ctx.collect(
        "late",
        [
          .step("a") {
            began.open()
            await Self.endless(cancelled)
            return 1
          }
        ], options: ParallelOptions(deadline: .seconds(5)))
      return late.isDeadlinePassed
    }
    let coordinator = FakeCoordinator()
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      try coordinator.start("w", 0, id: "1")
      await coordinator.until { $0.runs["1"]?.groups["late"] != nil }
      await began.wait()
      coordinator.breakStream()
      coordinator.passDeadline(of: "late", "1")
      #expect(try await coordinator.result(of: "1", as: Bool.self))
      await cancelled.wait()
      #expect(coordinator.state.withLock { $0.hellos.count } == 2)
    }
  }

  // MARK: The machine

  /// A machine whose function runs a group of a local member `a` and an activity `b`.
  private static func machine(_ strategy: GroupStrategy = .collectAll) throws -> RunMachine {
    var machine = RunMachine()
    var actions: [RunAction] = []
    machine.taskArrived(WorkflowTask(), into: &actions)
    try ask(&machine, strategy)
    _ = machine.askMember("g/a", of: "g", isShielded: false)
    return machine
  }

  private static func ask(_ machine: inout RunMachine, _ strategy: GroupStrategy) throws {
    let members = [
      GroupAsk.Member(id: "a", kind: .local),
      GroupAsk.Member(id: "b", kind: .activity) { key, group in
        .scheduleActivity(ScheduleActivity(key: key, group: group))
      },
    ]
    let ask = GroupAsk(name: "g", open: OpenGroup(strategy: strategy), members: members, isShielded: false)
    guard case .open("g", [0]) = machine.ask(ask) else { throw StepError(.unknown, "not open") }
  }

  private static func isSuccess(_ outcome: StepOutcome?) -> Bool? {
    switch outcome {
    case .success: true
    case .failure: false
    case nil: nil
    }
  }

  @Test(
    "what is told while a report is on its way waits for its answer, which says if the result was recorded before",
    arguments: [true, false])
  func afterTheAnswer(isRecorded: Bool) throws {
    var machine = try Self.machine()
    var actions: [RunAction] = []
    let result = StepResult(key: "g/a", attempt: 1, outcome: .output(PayloadCoding.null), group: "g")
    _ = machine.closureEnded(result, isShielded: false)
    machine.becameIdle(into: &actions)
    let record = GroupRecord(key: "g", verdict: .deadline, succeeded: isRecorded ? 1 : 0)
    let member = StepRecord(key: "g/b", kind: .activity, state: .cancelled)
    machine.resolvedElsewhere([record], [member], into: &actions)
    #expect(machine.outcome(of: "g/a") == nil && machine.groups["g"]?.isOver == false)
    let decision = StepDecision(key: "g/a", decision: .recorded(Recorded()))
    machine.answered(1, [decision], resolvedGroups: isRecorded ? [] : [record], into: &actions)
    if isRecorded {
      #expect(machine.groups["g"]?.isOver == true)
      #expect(Self.isSuccess(machine.outcome(of: "g/a")) == true)
    } else {
      // It may have come before the deadline or after it: what is recorded is being fetched.
      #expect(machine.groups["g"]?.isFetching == true && machine.outcome(of: "g/a") == nil)
      machine.recordsFetched(of: "g", [StepRecord(key: "g/a", kind: .local, state: .cancelled)], into: &actions)
      #expect(Self.isSuccess(machine.outcome(of: "g/a")) == false)
    }
    #expect(Self.isSuccess(machine.outcome(of: "g/b")) == false)
  }

  @Test("what is told before the task is complete is known when the function asks for the group")
  func beforeTheTask() throws {
    var machine = RunMachine()
    var actions: [RunAction] = []
    let winner = StepRecord(key: "g/b", kind: .activity, state: .completed, output: PayloadCoding.null)
    machine.resolvedElsewhere(
      [GroupRecord(key: "g", verdict: .succeeded, winner: "g/b", succeeded: 1)], [winner], into: &actions)
    let open = StepRecord(key: "g/b", kind: .activity, state: .running)
    machine.taskArrived(WorkflowTask(steps: [open], groups: [GroupRecord(key: "g")]), into: &actions)
    let members = [GroupAsk.Member(id: "a", kind: .local), GroupAsk.Member(id: "b", kind: .activity)]
    let ask = GroupAsk(name: "g", open: OpenGroup(strategy: .race), members: members, isShielded: false)
    guard case .resolved("g") = machine.ask(ask) else { throw StepError(.unknown, "not resolved") }
    #expect(Self.isSuccess(machine.outcome(of: "g/b")) == true)
  }

  @Test("what is told of a local step that waits for its next attempt does not run the attempt that has ended again")
  func isNotRunAgain() throws {
    var machine = try Self.machine()
    var actions: [RunAction] = []
    let failed = StepResult(key: "g/a", attempt: 2, outcome: .failure(Failure(kind: .networkError)), group: "g")
    _ = machine.closureEnded(failed, isShielded: false)
    machine.becameIdle(into: &actions)
    // The rest of what came with another group's end was read before the report was taken.
    let before = StepRecord(key: "g/a", kind: .local, state: .retrying, attempt: 2, group: "g")
    machine.resolvedElsewhere([GroupRecord(key: "other", verdict: .deadline)], [before], into: &actions)
    let retry = Retry(nextAttempt: 3, delay: ProtoDuration(seconds: 60, nanos: 0), inPlace: false)
    machine.answered(1, [StepDecision(key: "g/a", decision: .retry(retry))], into: &actions)
    #expect(machine.runningClosures == 0)
    #expect(!actions.contains { if case .wake("g/a", .execute) = $0 { true } else { false } })
  }

  @Test("what is told twice, or after the task, changes nothing")
  func again() throws {
    var machine = try Self.machine(.race)
    var actions: [RunAction] = []
    let record = GroupRecord(key: "g", verdict: .succeeded, winner: "g/b", succeeded: 1)
    let winner = StepRecord(key: "g/b", kind: .activity, state: .completed, output: PayloadCoding.null)
    machine.resolvedElsewhere([record], [winner], into: &actions)
    #expect(actions.count { if case .abandon("g/a") = $0 { true } else { false } } == 1)
    actions = []
    machine.resolvedElsewhere([record], [winner], into: &actions)
    #expect(actions.isEmpty && machine.runningClosures == 0)
    #expect(Self.isSuccess(machine.outcome(of: "g/b")) == true)
  }
}
