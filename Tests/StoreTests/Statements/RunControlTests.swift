import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Pausing, retrying and forking on a real database")
struct RunControlTests {
  private func id(_ number: UInt64) -> RunID { UUID(high: 1, low: number) }

  private func restart(_ number: UInt64, epoch: Int32 = 1, delay: Int64 = 60_000) -> RestartRun {
    RestartRun(
      runID: id(number), epoch: epoch, failure: [1], delayMilliseconds: delay, reason: "it failed", workerID: "worker",
      dropped: [2])
  }

  @Test("pausing holds ready activities back, resuming lets them go; both twice are the same as once")
  func pausing() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.suspend(1, steps: [store.activity("a", leased: false)]))
      for _ in 0..<2 { try await store.execute(.pauseRun(PauseRun(runID: id(1), reason: "test"))) }
      #expect(try await store.run(1)?.status == .paused)
      #expect(try await store.steps(1)[0].state == .waiting)
      guard case .resumed(let resumed) = try await store.execute(.resumeRun(ResumeRun(runID: id(1)))) else {
        return fail("not resumed")
      }
      #expect(!resumed.isReady && resumed.readyActivities.map(\.type) == ["a"])
      guard case .resumed(let again) = try await store.execute(.resumeRun(ResumeRun(runID: id(1)))) else {
        return fail("resuming twice was refused")
      }
      #expect(!again.isReady && again.readyActivities.isEmpty)
      #expect(try await store.steps(1)[0].state == .ready)
      guard case .refused = try await store.execute(.pauseRun(PauseRun(runID: id(9), reason: ""))) else {
        return fail("a run that is not open was paused")
      }
    }
  }

  @Test("an activity that becomes ready at the moment of a pause is held back by one of the two")
  func pauseRace() async throws {
    try await StoreFixture.with { store in
      for number in 1...20 as ClosedRange<UInt64> {
        try await store.execute(.startRun(store.start(number)))
        try await store.execute(store.suspend(number, steps: [store.activity("a", leased: true)]))
        async let released = store.execute(
          .releaseStep(ReleaseStep(runID: id(number), stepKey: "a", epoch: 1)))
        async let paused = store.execute(.pauseRun(PauseRun(runID: id(number), reason: "race")))
        _ = try await (released, paused)
        #expect(try await store.steps(number)[0].state == .waiting, "run \(number)")
      }
    }
  }

  @Test("another attempt of a run keeps completed steps, drops the others and remembers their epochs; twice is once")
  func restarting() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: id(1), epoch: 1, disposition: .continue)
      advance.steps = [store.activity("done", leased: true), store.activity("open", leased: true)]
      try await store.execute(.advanceRun(advance))
      try await store.execute(store.settle(1, "done"))
      guard case .restarted(let restarted) = try await store.execute(.restartRun(restart(1))) else {
        return fail("not restarted")
      }
      #expect(restarted.cancelledSteps.map(\.stepKey) == ["open"])
      guard case .refused = try await store.execute(.restartRun(restart(1))) else { return fail("restarted twice") }
      let run = try #require(try await store.run(1))
      #expect(run.attempt == 2 && run.status == .sleeping && run.nextWakeAt != nil)
      #expect(try await store.steps(1).map(\.key) == ["done"])
      guard case .refused = try await store.execute(store.settle(1, "open")) else {
        return fail("a dropped step settled")
      }
      let attempts = try await store.read(ListStepAttempts(runID: id(1), stepKey: nil, after: (-1, ""), limit: 10))
      #expect(Set(attempts.map(\.stepKey)) == ["", "done", "open"])
      try await store.database.withConnection { try $0.executeScript("UPDATE kagzi.open_runs SET resume_at = now()") }
      try await store.execute(.wakeRun(WakeRun(runID: id(1))))
      let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "w", version: 1)
      guard
        case .claimedRuns(let claimed, false) = try await store.execute(
          .claimRuns(ClaimTasks(key: key, slots: [store.session])))
      else { return fail("not claimed") }
      #expect(claimed.map(\.isDelta) == [false] && claimed.map(\.epoch) == [2])
      guard case .refused = try await store.execute(.restartRun(restart(1))) else {
        return fail("restarted under an older epoch")
      }
      guard
        case .advanced(let advanced) = try await store.execute(
          store.suspend(1, epoch: 2, steps: [store.activity("open", leased: true)]))
      else { return fail("not advanced") }
      #expect(advanced.stepEpoch == 1)
      guard case .refused = try await store.execute(store.settle(1, "open", epoch: 1)) else {
        return fail("an old token fits the step that was asked for anew")
      }
      guard case .woken = try await store.execute(store.settle(1, "open", epoch: 2)) else {
        return fail("the new token does not fit")
      }
      // The same operation once more, of a commit whose answer was lost long ago: what was recorded since stays.
      try await store.execute(.claimRuns(ClaimTasks(key: key, slots: [store.session])))
      guard
        case .advanced = try await store.execute(
          store.suspend(1, epoch: 3, steps: [store.activity("later", leased: true)]))
      else { return fail("not advanced again") }
      guard case .refused = try await store.execute(.restartRun(restart(1))) else { return fail("restarted twice") }
      #expect(try await store.steps(1).map(\.key) == ["done", "open", "later"])
    }
  }

  @Test("a run that was asked to cancel is not restarted")
  func cancelled() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.cancelRun(CancelRun(runID: id(1), reason: "", graceMilliseconds: 1_000)))
      guard case .refused = try await store.execute(.restartRun(restart(1))) else { return fail("restarted") }
      #expect(try await store.run(1)?.attempt == 1)
    }
  }

  @Test("a closed run is opened again under the next epoch, unless an open run has its workflow id or it completed")
  func reopening() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let reopen = Operation.reopenRun(ReopenRun(runID: id(1), dropped: [2]))
      guard case .refused = try await store.execute(reopen) else { return fail("an open run was opened") }
      try await store.execute(.endRun(EndRun(runID: id(1), status: .terminated, reason: "", failure: [1])))
      let closed = try #require(try await store.run(1))
      var other = store.start(2)
      other.workflowID = "workflow-1"
      try await store.execute(.startRun(other))
      guard case .refused = try await store.execute(reopen) else { return fail("two open runs of one workflow id") }
      #expect(try await store.run(1)?.status == .terminated)
      var close = CloseRun(runID: id(2), epoch: 1, status: .completed)
      close.output = [1]
      try await store.execute(.closeRun(close))
      guard case .restarted = try await store.execute(reopen) else { return fail("not opened") }
      let open = try #require(try await store.run(1))
      #expect(open.status == .running && open.attempt == 2 && open.failure == nil && open.sequence > closed.sequence)
      guard
        case .refused = try await store.execute(.closeRun(CloseRun(runID: id(1), epoch: 1, status: .completed)))
      else { return fail("a token from before closed it") }
      try await store.execute(.startRun(store.start(3)))
      try await store.execute(.closeRun(CloseRun(runID: id(3), epoch: 1, status: .completed)))
      guard case .refused = try await store.execute(.reopenRun(ReopenRun(runID: id(3), dropped: [2]))) else {
        return fail("a completed run was opened")
      }
    }
  }

  @Test("a fork of a workflow id that is taken, of a step that is none, changes nothing")
  func forking() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: id(1), epoch: 1, disposition: .continue)
      advance.steps = ["a", "b"].map { NewStep(key: $0, kind: .local, state: .completed) }
      try await store.execute(.advanceRun(advance))
      func fork(_ number: UInt64, _ step: String, _ workflowID: String) async throws -> Outcome {
        try await store.execute(
          .forkRun(
            ForkRun(source: id(1), runID: id(number), workflowID: workflowID, workflowVersion: 1, fromStep: step)))
      }
      guard case .conflict = try await fork(2, "b", "workflow-1") else { return fail("two runs of one workflow id") }
      guard case .conflict = try await fork(2, "c", "fork") else { return fail("a fork from nowhere") }
      #expect(try await store.run(2) == nil)
      #expect(try await store.steps(2).isEmpty)
      guard case .done = try await fork(2, "b", "fork") else { return fail("not forked") }
      guard case .conflict = try await fork(2, "b", "fork") else { return fail("forked twice") }
      #expect(try await store.steps(2).map(\.key) == ["a"])
      #expect(try await store.run(2)?.status == .pending)
    }
  }

  @Test("a claim says when it passed over a ready task because it was locked")
  func passedOver() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1, leased: false)))
      let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "w", version: 1)
      let claim = Operation.claimRuns(ClaimTasks(key: key, slots: [store.session]))
      let (none, one) = try await store.database.withConnection { locker in
        let claimer = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        try locker.executeScript("BEGIN; SELECT FROM kagzi.open_runs FOR UPDATE")
        let none = try OperationExecutor().execute([claim], on: claimer)[0]
        try locker.executeScript("COMMIT")
        return (none, try OperationExecutor().execute([claim], on: claimer)[0])
      }
      guard case .claimedRuns(let nothing, true) = none else { return fail("not passed over") }
      guard case .claimedRuns(let runs, false) = one else { return fail("not claimed") }
      #expect(nothing.isEmpty && runs.count == 1)
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}
