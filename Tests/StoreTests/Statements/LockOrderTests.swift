import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Rows are locked in key order")
struct LockOrderTests {
  enum Verb: String, CaseIterable, Sendable {
    case advance, settle, close, cancel, end, move, signal, `continue`
  }

  @Test("a batch that meets a locked row holds the rows before it and none after it", arguments: Verb.allCases)
  func order(verb: Verb) async throws {
    try await StoreFixture.with { store in
      let numbers: [UInt64] = [1, 2, 3]
      for number in numbers {
        try await store.execute(.startRun(store.start(number)))
        if verb == .settle {
          try await store.execute(store.suspend(number, steps: [store.activity("a", leased: true)]))
        }
      }
      // In an order that is not the key's.
      let operations = [3, 1, 2].map { operation(verb, $0, store) }
      let (blocked, outcomes) = try await store.database.withConnection { blocker in
        try blocker.executeScript("BEGIN; SELECT FROM kagzi.open_runs WHERE run_id = '\(id(2))' FOR UPDATE")
        let running = Task { try await store.execute(operations) }
        let prober = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        // Wait until the batch waits for the lock.
        while try prober.execute(CountWaiting()).rows[0] == 0 {}
        let blocked = [isLocked(1, "open_runs", prober), isLocked(3, "open_runs", prober)]
        try blocker.executeScript("COMMIT")
        return (blocked, running)
      }
      let results = try await outcomes.value
      #expect(blocked == [true, false])
      #expect(results.count == 3)
      #expect(!results.contains { if case .refused = $0 { true } else { false } })
    }
  }

  enum GroupVerb: String, CaseIterable, Sendable {
    case settle, expire, retry, advance, close, end
  }

  @Test(
    "groups are locked first, in key order: a batch that waits for one holds no step and no run",
    arguments: GroupVerb.allCases)
  func groupsFirst(verb: GroupVerb) async throws {
    try await StoreFixture.with { store in
      for number in 1...3 as ClosedRange<UInt64> {
        let isHeld = verb == .advance || verb == .close
        try await store.open(
          Group(strategy: .collectAll, memberCount: 2), number: number, activities: 0..<2,
          disposition: isHeld ? .continue : .suspend)
      }
      if verb == .expire {
        try await store.database.withConnection {
          try $0.executeScript("UPDATE kagzi.groups SET deadline_at = clock_timestamp() - interval '1 ms'")
        }
      }
      let operations = [3, 1, 2].map { operation(verb, $0, store) }
      let (before, after, others, outcomes) = try await store.database.withConnection { blocker in
        try blocker.executeScript("BEGIN; SELECT FROM kagzi.groups WHERE run_id = '\(id(2))' FOR UPDATE")
        let running = Task { try await store.execute(operations) }
        let prober = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        while try prober.execute(CountWaiting()).rows[0] == 0 {}
        let others = (1...3 as ClosedRange<UInt64>).flatMap {
          [isLocked($0, "open_runs", prober), isLocked($0, "steps", prober)]
        }
        let (before, after) = (isLocked(1, "groups", prober), isLocked(3, "groups", prober))
        try blocker.executeScript("COMMIT")
        return (before, after, others, running)
      }
      let results = try await outcomes.value
      #expect(before && !after)
      #expect(!others.contains(true))
      #expect(!results.contains { if case .refused = $0 { true } else { false } })
    }
  }

  private func operation(_ verb: GroupVerb, _ number: UInt64, _ store: StoreFixture) -> Operation {
    let runID = UUID(high: 1, low: number)
    switch verb {
    case .settle: return store.settle(number, "g/0")
    case .expire: return .expireGroup(ExpireGroup(runID: runID, groupKey: "g"))
    case .retry:
      return .retryStep(
        RetryStep(
          runID: runID, stepKey: "g/0", guard: .held(epoch: 1), attempt: 1, failure: [1], delayMilliseconds: 60_000))
    case .advance:
      var advance = AdvanceRun(runID: runID, epoch: 1, disposition: .continue)
      advance.groups.cancels = ["g"]
      return .advanceRun(advance)
    case .close: return .closeRun(CloseRun(runID: runID, epoch: 1, status: .completed))
    case .end: return .endRun(EndRun(runID: runID, status: .terminated, reason: "", failure: [1]))
    }
  }

  private func operation(_ verb: Verb, _ number: UInt64, _ store: StoreFixture) -> Operation {
    switch verb {
    case .advance: store.suspend(number)
    case .settle: store.settle(number, "a")
    case .close: .closeRun(CloseRun(runID: UUID(high: 1, low: number), epoch: 1, status: .completed))
    case .cancel: .cancelRun(CancelRun(runID: UUID(high: 1, low: number), reason: "", graceMilliseconds: 1_000))
    case .move:
      .moveRun(MoveRun(runID: UUID(high: 1, low: number), fromVersion: 1, toVersion: 2, sequence: 1))
    case .signal: store.signal(number, 1)
    case .continue: .continueRun(store.continueAsNew(number, as: number + 10))
    case .end: .endRun(EndRun(runID: UUID(high: 1, low: number), status: .terminated, reason: "", failure: [1]))
    }
  }
}

private func id(_ number: UInt64) -> String { UUID(high: 1, low: number).description }

private func isLocked(_ number: UInt64, _ table: String, _ connection: PostgresConnection) -> Bool {
  do {
    try connection.executeScript("SELECT FROM kagzi.\(table) WHERE run_id = '\(id(number))' FOR UPDATE NOWAIT")
    return false
  } catch {
    return true
  }
}
