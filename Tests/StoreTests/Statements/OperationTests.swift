import Engine
import Postgres
import Store
import Testing

@Suite("Operations on a real database")
struct OperationTests {
  @Test("a one-activity workflow: start, schedule, complete, close, each guarded by its epoch")
  func lifecycle() async throws {
    try await StoreFixture.with { store in
      guard case .started = try await store.execute(.startRun(store.start(1))) else { return fail("not started") }
      guard
        case .advanced(let advanced) = try await store.execute(
          store.suspend(1, steps: [store.activity("a", leased: true)]))
      else { return fail("not advanced") }
      #expect(advanced.newEpoch == nil && !advanced.isReady)
      guard
        case .woken(.leased(let epoch, let isDelta, let isAlone)) = try await store.execute(
          store.settle(1, "a", reserving: true))
      else { return fail("not woken") }
      #expect(epoch == 2 && isDelta && isAlone)
      guard case .refused = try await store.execute(store.settle(1, "a")) else { return fail("settled twice") }
      var close = CloseRun(runID: UUID(high: 1, low: 1), epoch: 1, status: .completed)
      guard case .refused = try await store.execute(.closeRun(close)) else { return fail("closed by a stale epoch") }
      close.epoch = 2
      close.output = [0, 255]
      guard case .closed(let closed) = try await store.execute(.closeRun(close)) else { return fail("not closed") }
      #expect(closed.closing.status == .completed && closed.cancelledSteps.isEmpty)
      let run = try #require(try await store.run(1))
      #expect(run.status == .completed && run.output == [0, 255] && run.closedAt != nil)
      let steps = try await store.steps(1)
      #expect(steps.map(\.key) == ["a"] && steps[0].output == [9] && steps[0].input == [1, 0, 2])
    }
  }

  @Test("several steps of one run settle in one statement: one wake-up, sequences without a gap")
  func joint() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let keys = (0..<20).map { "a\($0)" }
      try await store.execute(store.suspend(1, steps: keys.map { store.activity($0, leased: true) }))
      let outcomes = try await store.execute(keys.map { store.settle(1, $0, reserving: true) })
      let leases = outcomes.filter { if case .woken(.leased) = $0 { true } else { false } }
      #expect(leases.count == 1)
      #expect(outcomes.allSatisfy { if case .woken = $0 { true } else { false } })
      let steps = try await store.steps(1)
      #expect(Set(steps.compactMap(\.settledSequence)).count == 20)
      #expect(try await store.run(1)?.sequence == 41)
    }
  }

  @Test("what settles while the task is held is news: the suspended run is handed out again at once")
  func news() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: UUID(high: 1, low: 1), epoch: 1, disposition: .continue)
      advance.steps = [store.activity("a", leased: true)]
      try await store.execute(.advanceRun(advance))
      guard case .woken(.none) = try await store.execute(store.settle(1, "a", reserving: true)) else {
        return fail("a held run was woken")
      }
      guard case .advanced(let again) = try await store.execute(store.suspend(1, hasSlot: true)) else {
        return fail("not advanced")
      }
      #expect(again.newEpoch == 2)
      let delta = try await store.read(
        LoadTaskSteps(runIDs: [UUID(high: 1, low: 1)], areDeltas: [true], maxBytes: 1 << 20))
      #expect(delta.map(\.step.key) == ["a"])
    }
  }

  @Test("the same report twice changes nothing the second time, whatever it holds")
  func repeatedReport() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: UUID(high: 1, low: 1), epoch: 1, disposition: .continue)
      var retrying = NewStep(key: "s", kind: .local, state: .retrying)
      retrying.attempt = 2
      retrying.failure = [1]
      retrying.delayMilliseconds = 60_000
      advance.steps = [retrying, store.activity("a", leased: false)]
      advance.failedAttempts = [FailedAttempt(key: "s", attempt: 1, failure: [1])]
      for _ in 0..<3 { try await store.execute(.advanceRun(advance)) }
      let attempts = try await store.read(
        ListStepAttempts(runID: UUID(high: 1, low: 1), stepKey: "s", after: (-1, ""), limit: 10))
      #expect(attempts.count == 1)
      let steps = try await store.steps(1)
      #expect(steps.first { $0.key == "s" }?.attempt == 2 && steps.count == 2)
    }
  }

  @Test("a local step's next attempt settles it; an older attempt reported again does not")
  func localRetry() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      func report(_ state: StepState, reported: Int32, current: Int32) async throws {
        var advance = AdvanceRun(runID: UUID(high: 1, low: 1), epoch: 1, disposition: .continue)
        var step = NewStep(key: "s", kind: .local, state: state)
        step.reportedAttempt = reported
        step.attempt = current
        step.delayMilliseconds = state == .retrying ? 60_000 : nil
        step.output = state == .completed ? [UInt8(reported)] : nil
        step.failure = state == .retrying ? [UInt8(reported)] : nil
        advance.steps = [step]
        try await store.execute(.advanceRun(advance))
      }
      try await report(.retrying, reported: 1, current: 2)
      try await report(.retrying, reported: 2, current: 3)
      try await report(.retrying, reported: 1, current: 2)
      #expect(try await store.steps(1).first?.attempt == 3)
      try await report(.completed, reported: 3, current: 3)
      try await report(.completed, reported: 4, current: 4)
      let step = try #require(try await store.steps(1).first)
      #expect(step.state == .completed && step.output == [3] && step.failure == nil)
    }
  }

  @Test("closing a run cancels what is open and names who holds it")
  func closing() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: UUID(high: 1, low: 1), epoch: 1, disposition: .continue)
      advance.steps = [store.activity("held", leased: true), store.activity("ready", leased: false)]
      try await store.execute(.advanceRun(advance))
      let outcome = try await store.execute(
        .endRun(EndRun(runID: UUID(high: 1, low: 1), status: .terminated, reason: "test", failure: [1])))
      guard case .closed(let closed) = outcome else { return fail("not closed") }
      #expect(Set(closed.cancelledSteps.map(\.stepKey)) == ["held", ""])
      #expect(try await store.steps(1).allSatisfy { $0.state == .cancelled })
      guard case .refused = try await store.execute(store.settle(1, "held")) else {
        return fail("settled after the close")
      }
    }
  }

  @Test(
    "a close that is meant for settled runs is refused while a step or a group is open, and changes nothing",
    arguments: [StepState.ready, .running, .waiting, .retrying])
  func onlyWhenSettled(state: StepState) async throws {
    try await StoreFixture.with { store in
      try await store.execute([.startRun(store.start(1)), .startRun(store.start(2)), .startRun(store.start(3))])
      var step = store.activity("open", leased: state == .running)
      step.state = state
      if state == .retrying { step.delayMilliseconds = 60_000 }
      var open = AdvanceRun(runID: store.id(1), epoch: 1, disposition: .continue)
      open.steps = [step]
      var grouped = AdvanceRun(runID: store.id(2), epoch: 1, disposition: .continue)
      grouped.groups.opens = [NewGroup(key: "group", group: Group(strategy: .collectAll, memberCount: 1))]
      var done = AdvanceRun(runID: store.id(3), epoch: 1, disposition: .continue)
      done.steps = [NewStep(key: "local", kind: .local, state: .completed)]
      try await store.execute([.advanceRun(open), .advanceRun(grouped), .advanceRun(done)])
      let outcomes = try await store.execute([1, 2, 3].map { store.close($0, onlyWhenSettled: true) })
      guard case .refused = outcomes[0], case .refused = outcomes[1], case .closed(let closed) = outcomes[2] else {
        return fail("\(outcomes)")
      }
      #expect(closed.closing.status == .completed)
      for number in [1, 2] as [UInt64] { #expect(try await store.run(number)?.closedAt == nil) }
      #expect(try await store.steps(1)[0].state == state)
      #expect(try await store.run(3)?.status == .completed)
      // Once more, meant for all: they are closed, and what is open is cancelled.
      let again = try await store.execute([1, 2, 3].map { store.close($0) })
      guard case .closed = again[0], case .closed = again[1], case .refused = again[2] else { return fail("\(again)") }
      #expect(try await store.steps(1)[0].state == .cancelled)
    }
  }

  @Test("a settled run whose cancellation was asked for closes as cancelled, with the reason")
  func cancelledWhenSettled() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.cancelRun(CancelRun(runID: store.id(1), reason: "enough", graceMilliseconds: 60_000)))
      var close = CloseRun(runID: store.id(1), epoch: 1, status: .failed)
      close.isCancellation = true
      close.failure = [1]
      close.onlyWhenSettled = true
      guard case .closed(let closed) = try await store.execute(.closeRun(close)) else { return fail("not closed") }
      #expect(closed.closing.status == .cancelled && closed.closing.reason == "enough")
    }
  }

  @Test("starts: one open run a workflow id, one run a request id, also after it closed")
  func starts() async throws {
    try await StoreFixture.with { store in
      var first = store.start(1)
      first.requestID = "r"
      try await store.execute(.startRun(first))
      var sameID = store.start(2)
      sameID.workflowID = first.workflowID
      guard case .conflict = try await store.execute(.startRun(sameID)) else { return fail("two open runs") }
      try await store.execute(.endRun(EndRun(runID: first.runID, status: .terminated, reason: "", failure: [1])))
      var sameRequest = store.start(3)
      sameRequest.requestID = "r"
      guard case .conflict = try await store.execute(.startRun(sameRequest)) else {
        return fail("a request id ran twice")
      }
      guard case .started = try await store.execute(.startRun(sameID)) else { return fail("a closed id was refused") }
      try await store.execute(.endRun(EndRun(runID: sameID.runID, status: .terminated, reason: "", failure: [1])))
      var rejecting = store.start(4)
      rejecting.workflowID = first.workflowID
      rejecting.reuse = .reject
      guard case .conflict = try await store.execute(.startRun(rejecting)) else {
        return fail("reuse was not rejected")
      }
      rejecting.reuse = .allowIfFailed
      guard case .started = try await store.execute(.startRun(rejecting)) else {
        return fail("a failed id was refused")
      }
    }
  }

  @Test("claims take the highest priority, then the oldest, and no more than there are slots")
  func claims() async throws {
    try await StoreFixture.with { store in
      for number in 1...6 as ClosedRange<UInt64> {
        var start = store.start(number, leased: false)
        start.priority = number == 5 ? 10 : 0
        try await store.execute(.startRun(start))
      }
      let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "w", version: 1)
      func claim(_ slots: Int) async throws -> [UInt64] {
        let claim = ClaimTasks(key: key, slots: Array(repeating: store.session, count: slots))
        guard case .claimedRuns(let runs, _) = try await store.execute(.claimRuns(claim)) else { return [] }
        return runs.map(\.runID.low).sorted()
      }
      #expect(try await claim(2) == [1, 5])
      #expect(try await claim(10) == [2, 3, 4, 6])
      #expect(try await claim(1).isEmpty)
    }
  }

  @Test("a workflow task lost to dead workers too often parks its run")
  func losses() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "w", version: 1)
      for epoch in 1...3 as ClosedRange<Int32> {
        let release = ReleaseRun(
          runID: UUID(high: 1, low: 1), epoch: epoch, isLoss: true, lossLimit: 3, reason: "killed")
        guard case .woken(let wake) = try await store.execute(.releaseRun(release)) else { return fail("not released") }
        if epoch < 3 {
          guard case .ready = wake else { return fail("not ready") }
          try await store.execute(.claimRuns(ClaimTasks(key: key, slots: [store.session])))
          guard case .refused = try await store.execute(.releaseRun(release)) else { return fail("lost twice") }
        }
      }
      let run = try #require(try await store.run(1))
      #expect(run.status == .paused && run.statusReason?.contains("3 times") == true)
    }
  }

  @Test("what is said of an activity under an older epoch changes nothing")
  func staleEpoch() async throws {
    try await StoreFixture.with { store in
      let runID = UUID(high: 1, low: 1)
      let key = TaskKey(kind: .activity, namespace: "default", queue: "q", type: "a", version: 1)
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.suspend(1, steps: [store.activity("a", leased: true)]))
      try await store.execute(.releaseStep(ReleaseStep(runID: runID, stepKey: "a", epoch: 1)))
      try await store.execute(.claimSteps(ClaimTasks(key: key, slots: [store.session])))
      func report(_ epoch: Int32) -> [Operation] {
        let retry = RetryStep(
          runID: runID, stepKey: "a", guard: .held(epoch: epoch), attempt: 1, failure: [1], delayMilliseconds: 0)
        return [
          .recordProgress(RecordProgress(runID: runID, stepKey: "a", epoch: epoch, progress: [UInt8(epoch)])),
          .retryStep(retry), .releaseStep(ReleaseStep(runID: runID, stepKey: "a", epoch: epoch)),
          store.settle(1, "a", epoch: epoch),
        ]
      }
      guard case .done = try await store.execute(report(2)[0]) else { return fail("no progress of the attempt") }
      for operation in report(1) {
        guard case .refused = try await store.execute(operation) else { return fail("\(operation)") }
      }
      let step = try await store.steps(1)[0]
      #expect(step.state == .running && step.progress == [2])
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}
