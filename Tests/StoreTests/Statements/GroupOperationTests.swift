import Engine
import Postgres
import SeededRandom
import Store
import TestSupport
import Testing

@Suite("Groups on a real database")
struct GroupOperationTests {
  @Test("members that settle together resolve their group once: one wake-up, and the first of the input wins")
  func together() async throws {
    try await StoreFixture.with { store in
      try await store.open(.race, members: 3)
      let outcomes = try await store.execute([
        store.settle(1, "g/2", reserving: true), store.settle(1, "g/0", reserving: true),
        store.settle(1, "g/1", reserving: true),
      ])
      let joined = outcomes.compactMap { if case .joined(let joined) = $0 { joined } else { nil } }
      #expect(joined.count == 3)
      #expect(joined.filter { if case .leased = $0.wake { true } else { false } }.count == 1)
      let group = try #require(try await store.groups(1).first)
      #expect(group.group.winner == "g/2" && group.group.verdict == .succeeded && group.group.succeeded == 3)
    }
  }

  @Test("a member that decides nothing leaves the run asleep and counts its sequence")
  func quiet() async throws {
    try await StoreFixture.with { store in
      try await store.open(.collectAll, members: 3)
      let before = try #require(try await store.run(1)).sequence
      guard case .joined(let joined) = try await store.execute(store.settle(1, "g/0", reserving: true)) else {
        return fail("not settled")
      }
      guard case .none = joined.wake else { return fail("woken") }
      let run = try #require(try await store.run(1))
      #expect(run.sequence == before + 1 && run.status == .waiting)
    }
  }

  @Test("what wakes the run after a quiet member is not alone: the task carries both")
  func notAlone() async throws {
    try await StoreFixture.with { store in
      try await store.open(.collectAll, members: 2, also: [store.activity("plain", leased: true)])
      try await store.execute(store.settle(1, "g/0"))
      guard
        case .woken(.leased(_, let isDelta, let isAlone)) = try await store.execute(
          store.settle(1, "plain", reserving: true))
      else { return fail("not woken") }
      #expect(isDelta && !isAlone)
      #expect(try await store.delta(1) == ["g/0", "plain"])
      // Told by now: the next one is alone again.
      try await store.execute(store.suspend(1, epoch: 2, steps: [store.activity("next", leased: true)]))
      guard
        case .woken(.leased(_, _, true)) = try await store.execute(store.settle(1, "next", reserving: true))
      else { return fail("not alone") }
    }
  }

  @Test("resolving cancels what is open, names who holds it, and settles nothing twice")
  func cancelling() async throws {
    try await StoreFixture.with { store in
      try await store.open(.failFast, members: 3)
      var settle = SettleStep(runID: id, stepKey: "g/1", guard: .held(epoch: 1), state: .failed)
      settle.failure = [7]
      guard case .joined(let joined) = try await store.execute(.settleStep(settle)) else { return fail("not settled") }
      #expect(joined.effects.cancelledSteps.map(\.stepKey) == ["g/0", "g/2"])
      guard case .ready = joined.wake else { return fail("not woken") }
      guard case .refused = try await store.execute(store.settle(1, "g/0")) else {
        return fail("a late result counted")
      }
      guard case .refused = try await store.execute(.settleStep(settle)) else { return fail("settled twice") }
      let steps = try await store.steps(1)
      #expect(steps.filter { $0.state == .cancelled }.map(\.key) == ["g/0", "g/2"])
      #expect(Set(steps.compactMap(\.settledSequence)).count == 3)
      let group = try #require(try await store.groups(1).first)
      #expect(group.group.failedStep == "g/1" && group.group.failed == 1 && group.group.succeeded == 0)
    }
  }

  @Test("a deadline resolves a group once, and only when it has passed")
  func deadline() async throws {
    try await StoreFixture.with { store in
      try await store.open(.collectAll, members: 2, deadlineMilliseconds: 60_000)
      guard case .refused = try await store.execute(.expireGroup(ExpireGroup(runID: id, groupKey: "g"))) else {
        return fail("expired early")
      }
      try await store.database.withConnection {
        try $0.executeScript("UPDATE kagzi.groups SET deadline_at = clock_timestamp() - interval '1 ms'")
      }
      #expect(try await store.read(DueGroups(limit: 10)).map(\.groupKey) == ["g"])
      let outcomes = try await store.execute(
        Array(repeating: .expireGroup(ExpireGroup(runID: id, groupKey: "g")), count: 2))
      guard case .joined(let joined) = outcomes[0] else { return fail("not expired") }
      #expect(joined.effects.cancelledSteps.count == 2)
      guard case .refused = try await store.execute(.expireGroup(ExpireGroup(runID: id, groupKey: "g"))) else {
        return fail("expired twice")
      }
      #expect(try await store.groups(1).first?.group.verdict == .deadline)
      #expect(try await store.read(DueGroups(limit: 10)).isEmpty)
    }
  }

  @Test("a report that is recorded twice counts its local members once")
  func repeatedReport() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
      advance.groups.opens = [NewGroup(key: "g", group: Group(strategy: .collectAll, memberCount: 3))]
      advance.steps = [store.local("g/a"), store.local("g/b")]
      for _ in 0..<3 {
        guard case .advanced(let advanced) = try await store.execute(.advanceRun(advance)) else {
          return fail("not advanced")
        }
        #expect(advanced.effects.resolved.isEmpty)
      }
      #expect(try await store.groups(1).first?.group.succeeded == 2)
      advance.steps.append(store.local("g/c"))
      for _ in 0..<2 {
        guard case .advanced(let advanced) = try await store.execute(.advanceRun(advance)) else {
          return fail("not advanced")
        }
        #expect(advanced.effects.resolved.map(\.verdict) == [.succeeded])
      }
      #expect(try await store.groups(1).first?.group.succeeded == 3)
    }
  }

  @Test("a stale report opens no group and counts nothing, though another of the batch does")
  func staleReport() async throws {
    try await StoreFixture.with { store in
      var operations: [Operation] = []
      for number in 1...2 as ClosedRange<UInt64> {
        try await store.execute(.startRun(store.start(number)))
        var advance = AdvanceRun(
          runID: UUID(high: 1, low: number), epoch: number == 1 ? 9 : 1, disposition: .continue)
        advance.groups.opens = [NewGroup(key: "g", group: Group(strategy: .race, memberCount: 2))]
        advance.steps = [store.local("g/a")]
        operations.append(.advanceRun(advance))
      }
      let outcomes = try await store.execute(operations)
      guard case .refused = outcomes[0], case .advanced(let advanced) = outcomes[1] else { return fail("guards") }
      #expect(advanced.effects.resolved.map(\.winner) == ["g/a"])
      #expect(try await store.groups(1).isEmpty)
      #expect(try await store.steps(1).isEmpty)
    }
  }

  @Test("a member of no recorded group makes its report fail by the rule's name, and records nothing")
  func unknownGroup() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
      advance.steps = [store.local("g/a"), store.local("fine")]
      let error = await #expect(throws: (any Error).self) { try await store.execute(.advanceRun(advance)) }
      guard case .constraint("members_name_a_group_that_was_opened") = error.map({ StoreError(translating: $0) }) else {
        return fail("\(error.debugDescription)")
      }
      #expect(try await store.steps(1).isEmpty)
    }
  }

  @Test("a group that is opened anew begins with the members that are recorded, as in a run that was retried")
  func openedAnew() async throws {
    try await StoreFixture.with { store in
      try await store.open(
        Group(strategy: .failFast, memberCount: 3), number: 1, activities: 0..<3, disposition: .continue)
      try await store.execute(store.settle(1, "g/0"))
      try await store.database.withConnection {
        try $0.executeScript("DELETE FROM kagzi.groups; DELETE FROM kagzi.steps WHERE step_key = 'g/2'")
      }
      var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
      advance.groups.opens = [NewGroup(key: "g", group: Group(strategy: .failFast, memberCount: 3))]
      advance.steps = [store.member("g/2")]
      try await store.execute(.advanceRun(advance))
      #expect(try await store.groups(1).first?.group.succeeded == 1)
      try await store.execute([store.settle(1, "g/1"), store.settle(1, "g/2")])
      #expect(try await store.groups(1).first?.group.verdict == .succeeded)
    }
  }

  @Test("a closing report counts its last members before the open groups are cancelled")
  func closing() async throws {
    try await StoreFixture.with { store in
      try await store.open(.collectAll, members: 1, key: "other", hasSlot: true)
      var close = CloseRun(runID: id, epoch: 1, status: .completed)
      guard case .refused = try await store.execute(.closeRun(close)) else { return fail("closed by a stale epoch") }
      guard case .joined(let joined) = try await store.execute(store.settle(1, "other/0", reserving: true)),
        case .leased(let epoch, _, _) = joined.wake
      else { return fail("not woken") }
      close.epoch = epoch
      close.groups.opens = [
        NewGroup(key: "g", group: Group(strategy: .race, memberCount: 2)),
        NewGroup(key: "open", group: Group(strategy: .collectAll, memberCount: 2)),
      ]
      close.steps = [store.local("g/a"), store.local("open/a")]
      guard case .closed(let closed) = try await store.execute(.closeRun(close)) else { return fail("not closed") }
      #expect(closed.resolvedGroups.map(\.key) == ["g"])
      let verdicts = try await store.groups(1).map { $0.group.verdict }
      #expect(verdicts == [.succeeded, .succeeded, .cancelled])
    }
  }

  @Test("random cases: the row of a group holds the verdict of the engine's, whatever the portions", arguments: 0..<4)
  func random(seed: UInt64) async throws {
    try await StoreFixture.with { store in
      var random = Seeded(seed: seed)
      for number in 1...25 as ClosedRange<UInt64> {
        let strategy = GroupStrategy.allCases.randomElement(using: &random)!
        let members = Int.random(in: 1...6, using: &random)
        var model = Group(
          strategy: strategy, memberCount: members,
          quorum: strategy == .quorum ? Int.random(in: 1...members, using: &random) : 0)
        let locals = Int.random(in: 0...members, using: &random)
        try await store.open(model, number: number, activities: locals..<members, disposition: .continue)
        var winner: String?
        var waiting = Array(0..<members).shuffled(using: &random)
        while model.verdict == nil {
          let portion = waiting.prefix(Int.random(in: 1...waiting.count, using: &random))
          waiting.removeFirst(portion.count)
          let succeeded = Set(portion.filter { _ in Bool.random(using: &random) })
          let batch = store.batch(number, portion, succeeded, locals)
          try await store.execute(batch.operations)
          model.count(succeeded: succeeded.count, failed: portion.count - succeeded.count)
          // A batch settles activities before it records reports; the winner is the first of those that came first.
          if winner == nil { winner = batch.winner }
          let row = try #require(try await store.groups(number).first).group
          #expect(row.verdict == model.verdict, "\(model)")
          if strategy == .race { #expect(row.winner == (model.verdict == .succeeded ? winner : nil)) }
        }
      }
    }
  }

  private let id = UUID(high: 1, low: 1)

  private func fail(_ message: Comment) { Issue.record(message) }
}

extension StoreFixture {
  func local(_ key: String, _ state: StepState = .completed) -> NewStep {
    var step = NewStep(key: key, kind: .local, state: state)
    step.groupKey = key.split(separator: "/").count > 1 ? String(key.split(separator: "/")[0]) : nil
    return step
  }

  func member(_ key: String, leased: Bool = true) -> NewStep {
    var step = activity(key, leased: leased)
    step.groupKey = key.split(separator: "/").first.map(String.init)
    return step
  }

  /// A run that waits for a group of activities, all handed out.
  func open(
    _ strategy: GroupStrategy, members: Int, key: String = "g", deadlineMilliseconds: Int64? = nil,
    maxConcurrency: Int32 = 0, hasSlot: Bool = false, also: [NewStep] = []
  ) async throws {
    try await execute(.startRun(start(1)))
    var advance = AdvanceRun(runID: UUID(high: 1, low: 1), epoch: 1, disposition: .suspend)
    advance.isSticky = true
    advance.hasReservedSlot = hasSlot
    var new = NewGroup(key: key, group: Group(strategy: strategy, memberCount: members))
    new.deadlineMilliseconds = deadlineMilliseconds
    new.maxConcurrency = maxConcurrency
    advance.groups.opens = [new]
    advance.steps = (0..<members).map { member("\(key)/\($0)") } + also
    try await execute(.advanceRun(advance))
  }

  /// A run that holds its task, with a group of which some members are activities.
  func open(
    _ group: Group, number: UInt64, activities: Range<Int>, disposition: AdvanceRun.Disposition
  ) async throws {
    try await execute(.startRun(start(number)))
    var advance = AdvanceRun(runID: UUID(high: 1, low: number), epoch: 1, disposition: disposition)
    advance.groups.opens = [NewGroup(key: "g", group: group)]
    advance.steps = activities.map { member("g/\($0)") }
    try await execute(.advanceRun(advance))
  }

  /// One batch that settles a portion of a group's members, locals by a report; and who wins if it is a race.
  func batch(
    _ number: UInt64, _ portion: ArraySlice<Int>, _ succeeded: Set<Int>, _ locals: Int
  ) -> (operations: [Operation], winner: String?) {
    let activities = portion.filter { $0 >= locals }
    var operations: [Operation] = activities.map { index in
      var settle = SettleStep(
        runID: UUID(high: 1, low: number), stepKey: "g/\(index)", guard: .held(epoch: 1),
        state: succeeded.contains(index) ? .completed : .failed)
      settle.output = [1]
      return .settleStep(settle)
    }
    let reported = portion.filter { $0 < locals }
    if !reported.isEmpty {
      var advance = AdvanceRun(runID: UUID(high: 1, low: number), epoch: 1, disposition: .continue)
      advance.steps = reported.map { local("g/\($0)", succeeded.contains($0) ? .completed : .failed) }
      operations.append(.advanceRun(advance))
    }
    let winner = activities.first(where: succeeded.contains) ?? reported.first(where: succeeded.contains)
    return (operations, winner.map { "g/\($0)" })
  }

  func groups(_ number: UInt64) async throws -> [ListGroups.Row] {
    try await read(ListGroups(runID: UUID(high: 1, low: number), after: (-1, ""), limit: 100))
  }

  /// The keys that a delta of the run carries.
  func delta(_ number: UInt64) async throws -> [String] {
    try await read(
      LoadTaskSteps(runIDs: [UUID(high: 1, low: number)], areDeltas: [true], maxBytes: 1 << 20)
    ).map(\.step.key)
  }
}
