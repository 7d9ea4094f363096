import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Versions in the database")
struct VersionTests {
  private func move(_ number: UInt64, from: Int32 = 1, to: Int32 = 2, sequence: Int64) -> Operation {
    .moveRun(MoveRun(runID: UUID(high: 1, low: number), fromVersion: from, toVersion: to, sequence: sequence))
  }

  @Test("checklist 17: a move takes the task back, and holds only for what was looked at")
  func moving() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.suspend(1, steps: [store.activity("a", leased: true)], hasSlot: false))
      try await store.execute(store.settle(1, "a", reserving: true))
      let sequence = try #require(try await store.run(1)?.sequence)
      guard case .refused = try await store.execute(move(1, sequence: sequence - 1)) else {
        return fail("moved though something was recorded since")
      }
      guard case .refused = try await store.execute(move(1, from: 3, sequence: sequence)) else {
        return fail("moved from a version that it does not have")
      }
      guard case .moved(let moved) = try await store.execute(move(1, sequence: sequence)) else {
        return fail("not moved")
      }
      #expect(moved.isReady && moved.session == store.session && moved.epoch == 2)
      guard case .refused = try await store.execute(move(1, sequence: sequence)) else { return fail("moved twice") }
      let run = try #require(try await store.run(1))
      #expect(run.workflowVersion == 2 && run.status == .running && run.sequence == sequence + 1)
      guard case .refused = try await store.execute(store.suspend(1, epoch: 2)) else {
        return fail("a task that was taken back was reported")
      }
      let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "w", version: 2)
      let claim = ClaimTasks(key: key, slots: [store.session])
      guard case .claimedRuns(let claimed, _) = try await store.execute(.claimRuns(claim)) else {
        return fail("unclaimed")
      }
      #expect(claimed.count == 1 && claimed.first?.isDelta == false)
    }
  }

  @Test("checklist 17: a run that waits is moved without being woken; a parked one stays parked")
  func waiting() async throws {
    try await StoreFixture.with { store in
      for number in 1...2 as ClosedRange<UInt64> { try await store.execute(.startRun(store.start(number))) }
      try await store.execute(store.suspend(1))
      var park = AdvanceRun(runID: UUID(high: 1, low: 2), epoch: 1, disposition: .park)
      park.reason = "does not fit"
      try await store.execute(.advanceRun(park))
      for number in 1...2 as ClosedRange<UInt64> {
        let sequence = try #require(try await store.run(number)?.sequence)
        guard case .moved(let moved) = try await store.execute(move(number, sequence: sequence)) else {
          return fail("not moved")
        }
        #expect(!moved.isReady && moved.session == nil)
      }
      let parked = try #require(try await store.run(2))
      #expect(parked.status == .paused && parked.statusReason == "does not fit" && parked.workflowVersion == 2)
    }
  }

  @Test("checklist 17: steps known of a version are those of runs that began on it")
  func known() async throws {
    try await StoreFixture.with { store in
      for number in 1...3 as ClosedRange<UInt64> {
        var start = store.start(number)
        start.workflowVersion = number == 3 ? 2 : 1
        try await store.execute(.startRun(start))
        let steps = ["step-\(number)", "loop", "loop#2"].map { key in
          var step = NewStep(key: key, kind: .local, state: .completed)
          step.output = [1]
          return step
        }
        try await store.execute(store.suspend(number, steps: steps))
      }
      let sequence = try #require(try await store.run(1)?.sequence)
      try await store.execute(move(1, sequence: sequence))
      func known(_ version: Int32) async throws -> (runs: Int?, names: Set<String>) {
        let rows = try await store.read(
          ListKnownSteps(namespace: "default", workflowType: "w", version: version))
        return (rows.first?.runs, Set(rows.compactMap(\.step?.text)))
      }
      let of1 = try await known(1)
      #expect(of1 == (1, ["step-2", "loop"]))
      let of2 = try await known(2)
      #expect(of2 == (1, ["step-3", "loop"]))
      let of3 = try await known(3)
      #expect(of3 == (0, []))
      let steps = try await store.read(ListStepNames(runIDs: [UUID(high: 1, low: 1)]))
      #expect(steps.count == 3 && steps.allSatisfy(\.step.hasOutcome))
    }
  }

  @Test("checklist 17: what is open is counted by version, closed runs and settled steps are not")
  func counting() async throws {
    try await StoreFixture.with { store in
      for number in 1...5 as ClosedRange<UInt64> {
        var start = store.start(number)
        start.workflowVersion = Int32(1 + number % 2)
        try await store.execute(.startRun(start))
        try await store.execute(store.suspend(number, steps: [store.activity("a", leased: true)]))
      }
      try await store.execute(store.settle(2, "a"))
      try await store.execute(
        .endRun(EndRun(runID: UUID(high: 1, low: 1), status: .terminated, reason: "", failure: [1])))
      let runs = try await store.read(CountOpenRuns(namespace: "default", types: ["w", "other"]))
      #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.version, $0.count) }) == [1: 2, 2: 2])
      // One that nobody has yet, one that waits for its next attempt, and one that is held back with its run.
      try await store.execute(.startRun(store.start(6)))
      try await store.execute(
        store.suspend(6, steps: [store.activity("b", leased: false), store.activity("c", leased: true)]))
      try await store.execute(
        .retryStep(
          RetryStep(
            runID: UUID(high: 1, low: 6), stepKey: "c", guard: .held(epoch: 1), attempt: 1, failure: [1],
            delayMilliseconds: 60_000)))
      let activities = try await store.read(CountOpenActivities(namespace: "default", types: ["a"]))
      #expect(activities.map(\.count) == [5])
      try await store.execute(.pauseRun(PauseRun(runID: UUID(high: 1, low: 6), reason: "")))
      let paused = try await store.read(CountOpenActivities(namespace: "default", types: ["a"]))
      #expect(paused.map(\.count) == [5])
    }
  }

  @Test("checklist 17: counts, descriptions and moves find what they need by an index, whatever closed runs there are")
  func indexes() async throws {
    try await StoreFixture.with { store in
      let activities = try await store.plan(CountOpenActivities(namespace: "default", types: ["a"]))
      for index in ["claimable_steps", "held_steps", "waiting_activities"] {
        #expect(activities.contains(index), "\(activities)")
      }
      let known = try await store.plan(ListKnownSteps(namespace: "default", workflowType: "w", version: 2))
      #expect(known.contains("runs_by_version"), "\(known)")
      var selection = RunSelection(namespace: "default")
      selection.workflowType = "w"
      selection.workflowVersion = 1
      let movable = try await store.plan(
        ListMovableRuns(selection: selection, after: nil, until: UUID(high: 9, low: 9), limit: 10))
      #expect(movable.contains("on open_runs o") && movable.contains("runs_pkey on runs r"), "\(movable)")
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}
