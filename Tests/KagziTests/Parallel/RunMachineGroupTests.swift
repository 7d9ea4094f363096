import Messages
import Synchronization
import Testing

@testable import Kagzi

@Suite("The run's machine and what the coordinator says of groups", .timeLimit(.minutes(1)))
struct RunMachineGroupTests {
  @Test("checklist 15: the recorded winner is given, although another member is recorded as completed, too")
  func recordedWinner() async throws {
    let workflow = WorkerFixture.workflow { (ctx, _: Int) in
      let (winner, value) = try await ctx.race("r", [.step("a") { 9 }, .step("b") { 9 }])
      return "\(winner) \(value)"
    }
    let coordinator = FakeCoordinator()
    try coordinator.start("w", 0, id: "1")
    try coordinator.state.withLock { state in
      for (id, value) in [("a", 1), ("b", 2)] {
        state.runs["1"]?.order.append("r/\(id)")
        state.runs["1"]?.steps["r/\(id)"] = StepRecord(
          key: "r/\(id)", kind: .local, state: .completed, output: try PayloadCoding.encode(value), group: "r")
      }
      state.runs["1"]?.groups["r"] = FakeCoordinator.FakeGroup(
        open: OpenGroup(key: "r", strategy: .race, memberCount: 2),
        record: GroupRecord(key: "r", verdict: .succeeded, winner: "r/b", succeeded: 2))
    }
    try await WorkerFixture.with(coordinator, workflows: ["w": workflow]) { _ in
      let said = try await coordinator.result(of: "1", as: String.self)
      #expect(said == "b 2")
    }
  }

  @Test("a result that may have come too late for its group does not count before the record was read")
  func lateResult() throws {
    var machine = RunMachine()
    var actions: [RunAction] = []
    machine.taskArrived(WorkflowTask(), into: &actions)
    let member = GroupAsk.Member(id: "a", kind: .local)
    let ask = GroupAsk(name: "g", open: OpenGroup(strategy: .collectAll), members: [member], isShielded: false)
    guard case .open(let key, [0]) = machine.ask(ask) else { throw StepError(.unknown, "not open") }
    _ = machine.askMember("g/a", of: key, isShielded: false)
    let result = StepResult(key: "g/a", attempt: 1, outcome: .output(PayloadCoding.null), group: key)
    _ = machine.closureEnded(result, isShielded: false)
    machine.becameIdle(into: &actions)
    actions = []
    let record = GroupRecord(key: key, verdict: .deadline)
    let decision = StepDecision(key: "g/a", decision: .recorded(Recorded()))
    machine.answered(1, [decision], resolvedGroups: [record], into: &actions)
    guard case .fetchRecords("g")? = actions.last else { throw StepError(.unknown, "\(actions)") }
    #expect(machine.outcome(of: "g/a") == nil)
    // The record says that it was cancelled.
    machine.recordsFetched(of: "g", [StepRecord(key: "g/a", kind: .local, state: .cancelled)], into: &actions)
    guard case .failure(let failure)? = machine.outcome(of: "g/a") else { throw StepError(.unknown, "no outcome") }
    #expect(failure.kind == .cancelled)
  }

  @Test("after continuing as new nothing more is asked for")
  func ended() throws {
    var machine = RunMachine()
    var actions: [RunAction] = []
    machine.taskArrived(WorkflowTask(), into: &actions)
    _ = machine.continuesAsNew(ContinueAsNew(), isShielded: false)
    let reply = machine.ask(StepAsk(name: "late", kind: .sleep, isShielded: false)) { key in
      .startTimer(StartTimer(key: key))
    }
    guard case .halt = reply else { throw StepError(.unknown, "\(reply)") }
    machine.becameIdle(into: &actions)
    guard case .send(let report, _, .closes)? = actions.first else { throw StepError(.unknown, "\(actions)") }
    #expect(report.commands.isEmpty && report.outcome == .continueAsNew(ContinueAsNew()))
  }
}
