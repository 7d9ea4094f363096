import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Signals on a real database")
struct SignalTests {
  @Test("a signal settles the oldest step that waits for its name and hands the run out")
  func waiting() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.waiting(1, ["a", "b"]))
      guard case .signalled(let signalled) = try await store.execute(store.signal(1, 7, reserving: true)),
        case .leased(let epoch, let isDelta, _) = signalled.wake
      else { return fail("not woken") }
      #expect(epoch == 2 && isDelta && signalled.verdict == .recorded)
      #expect(try await store.outputs(1) == ["a": 7])
      // It is leased now: the next one is news.
      guard case .signalled(let next) = try await store.execute(store.signal(1, 8, reserving: true)),
        case .none = next.wake
      else { return fail("woken twice") }
      #expect(try await store.outputs(1) == ["a": 7, "b": 8])
      let delta = try await store.read(LoadTaskSteps(runIDs: [store.id(1)], areDeltas: [true], maxBytes: 1 << 20))
      #expect(delta.map(\.step.key).sorted() == ["a", "b"])
    }
  }

  @Test("signals that came before are taken in order by the report that waits, which has the task at once")
  func early() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute([store.signal(1, 1), store.signal(1, 9, named: "other"), store.signal(1, 2)])
      guard
        case .advanced(let advanced) = try await store.execute(store.waiting(1, ["z", "a", "m"], hasSlot: true))
      else { return fail("refused") }
      #expect(advanced.newEpoch == 2)
      // In the order of the report, not of the keys.
      #expect(try await store.outputs(1) == ["z": 1, "a": 2])
    }
  }

  @Test("without a slot the run is ready, and the report says so")
  func ready() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.signal(1, 1))
      guard case .advanced(let advanced) = try await store.execute(store.waiting(1, ["a"])) else {
        return fail("refused")
      }
      #expect(advanced.newEpoch == nil && advanced.isReady)
    }
  }

  @Test("many signals in one batch get places in its order; two with one request id get one")
  func batch() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var operations = (0..<20).map { store.signal(1, UInt8($0)) }
      operations.insert(store.signal(1, 100, request: "r"), at: 5)
      operations.append(store.signal(1, 101, request: "r"))
      try await store.execute(operations)
      try await store.execute(store.signal(1, 102, request: "r"))
      try await store.execute(store.waiting(1, (10..<32).map { "w\($0)" }))
      let outputs = try await store.outputs(1)
      let expected = [0, 1, 2, 3, 4, 100] + Array(5..<20)
      #expect(outputs.sorted { $0.key < $1.key }.map { Int($0.value) } == expected)
    }
  }

  @Test("a run holds no more untaken signals than it may; one that is recorded already is not too many")
  func limit() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let outcomes = try await store.execute(
        (0..<5).map { store.signal(1, UInt8($0), request: "r\($0)", limit: 3) }
          + [store.signal(1, 0, request: "r0", limit: 3)])
      let verdicts = outcomes.map { outcome -> Signalled.Verdict? in
        if case .signalled(let signalled) = outcome { signalled.verdict } else { nil }
      }
      #expect(verdicts.prefix(5) == [.recorded, .recorded, .recorded, .full, .full])
      guard case .signalled(let again) = try await store.execute(store.signal(1, 0, request: "r0", limit: 3)) else {
        return fail("refused")
      }
      #expect(again.verdict == .seen)
      try await store.execute(store.waiting(1, ["a"]))
      guard case .signalled(let next) = try await store.execute(store.signal(1, 9, limit: 3)) else {
        return fail("refused")
      }
      #expect(next.verdict == .recorded)
    }
  }

  @Test("a closed run is not signalled; a paused one takes its signal and is not handed out")
  func closedAndPaused() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(store.close(1))
      guard case .refused = try await store.execute(store.signal(1, 1)) else {
        return fail("a closed run was signalled")
      }
      try await store.execute(.startRun(store.start(2)))
      try await store.execute(store.waiting(2, ["a"]))
      try await store.database.withConnection {
        try $0.executeScript("UPDATE kagzi.open_runs SET status = 5 WHERE run_id = '\(store.id(2))'")
      }
      guard case .signalled(let signalled) = try await store.execute(store.signal(2, 1, reserving: true)),
        case .none = signalled.wake
      else { return fail("a paused run was handed out") }
      #expect(try await store.outputs(2) == ["a": 1])
    }
  }

  /// Both statements are on their way when neither has the run's lock, so that each began before the other's commit.
  @Test("a signal and a wait that meet at the same moment do not miss each other", arguments: 0..<12)
  func meeting(round: Int) async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      let first = round.isMultiple(of: 2) ? store.signal(1, 7) : store.waiting(1, ["a"])
      let second = round.isMultiple(of: 2) ? store.waiting(1, ["a"]) : store.signal(1, 7)
      let running = try await store.database.withConnection { blocker in
        try blocker.executeScript("BEGIN; SELECT FROM kagzi.open_runs WHERE run_id = '\(store.id(1))' FOR UPDATE")
        let prober = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        let firstTask = Task { try await store.execute(first) }
        while try prober.execute(CountWaiting()).rows[0] < 1 {}
        let secondTask = Task { try await store.execute(second) }
        while try prober.execute(CountWaiting()).rows[0] < 2 {}
        try blocker.executeScript("COMMIT")
        return [firstTask, secondTask]
      }
      for task in running { _ = try await task.value }
      #expect(try await store.outputs(1) == ["a": 7])
      let untaken = try await store.database.withConnection { try $0.execute(CountUntaken()).rows[0] }
      #expect(untaken == 0)
    }
  }

  @Test("a wait that timed out has no signal, and a settled one does not time out")
  func timeout() async throws {
    try await StoreFixture.with { store in
      for number in [1, 2] as [UInt64] {
        try await store.execute(.startRun(store.start(number)))
        try await store.execute(store.waiting(number, ["a"], timeout: 0))
      }
      func expire(_ number: UInt64) async throws -> Outcome {
        var settle = SettleStep(runID: store.id(number), stepKey: "a", guard: .due(.waiting), state: .failed)
        settle.failure = [1]
        return try await store.execute(.settleStep(settle))
      }
      guard case .woken = try await expire(1) else { return fail("did not time out") }
      try await store.execute(store.signal(1, 7))
      #expect(try await store.outputs(1).isEmpty)
      try await store.execute(store.signal(2, 7))
      guard case .refused = try await expire(2) else { return fail("timed out though it was settled") }
      #expect(try await store.outputs(2) == ["a": 7])
    }
  }

  @Test("a start carries a signal; a start that meets an open run does not")
  func withStart() async throws {
    try await StoreFixture.with { store in
      var start = store.start(1)
      start.signal = NewSignal(name: "n", payload: [5], requestID: nil)
      try await store.execute(.startRun(start))
      var other = store.start(2)
      other.workflowID = start.workflowID
      other.signal = NewSignal(name: "n", payload: [6], requestID: nil)
      guard case .conflict = try await store.execute(.startRun(other)) else { return fail("two open runs") }
      try await store.execute(store.waiting(1, ["a", "b"]))
      #expect(try await store.outputs(1) == ["a": 5])
    }
  }

  @Test("untaken signals go on with the run, in order and before those that come later; taken ones stay")
  func continuing() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute((1...3).map { store.signal(1, UInt8($0), request: "r\($0)") })
      try await store.execute(store.waiting(1, ["a"], hasSlot: true))
      guard case .continued = try await store.execute(.continueRun(store.continueAsNew(1, as: 2, epoch: 2))) else {
        return fail("not continued")
      }
      try await store.execute([store.signal(2, 4), store.signal(2, 3, request: "r3")])
      try await store.execute(store.waiting(2, ["a", "b", "c", "d"]))
      #expect(try await store.outputs(2) == ["a": 2, "b": 3, "c": 4])
      #expect(try await store.read(FindSignal(runID: store.id(1), requestID: "r1")).count == 1)
      #expect(try await store.read(FindSignal(runID: store.id(1), requestID: "r2")).isEmpty)
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}

struct CountWaiting: PostgresStatement {
  static let name = ""
  static let sql = """
    SELECT count(*) FROM pg_locks WHERE NOT granted
       AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
    """
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}

private struct CountUntaken: PostgresStatement {
  static let name = ""
  static let sql = """
    SELECT (SELECT count(*) FROM kagzi.signals WHERE taken_by IS NULL) + (SELECT sum(signals_untaken) FROM kagzi.open_runs)
    """
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}
