import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("What the holder of a run's task is to be told of groups")
struct GroupNewsTests {
  private let id = UUID(high: 1, low: 1)

  /// Opens a group of activities beside local members, and keeps the task.
  private func hold(
    _ store: StoreFixture, _ strategy: GroupStrategy, members: Int, activities: Int, deadlineMilliseconds: Int64? = nil
  ) async throws {
    try await store.execute(.startRun(store.start(1)))
    var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
    var new = NewGroup(key: "g", group: Group(strategy: strategy, memberCount: members))
    new.deadlineMilliseconds = deadlineMilliseconds
    advance.groups.opens = [new]
    advance.steps = (0..<activities).map { store.member("g/\($0)") }
    try await store.execute(.advanceRun(advance))
  }

  private func task(_ store: StoreFixture, epoch: Int32 = 1) -> TaskToken {
    TaskToken(runID: id, sessionID: store.session, epoch: epoch, step: nil)
  }

  private func news(_ store: StoreFixture, epoch: Int32 = 1) async throws -> [LoadGroupNews.Row] {
    try await store.read(LoadGroupNews(tasks: [task(store, epoch: epoch)]))
  }

  private func members(_ store: StoreFixture, maxBytes: Int = 1_000) async throws -> [StepRow] {
    try await store.read(LoadMemberNews(groups: [(id, "g")], maxBytes: maxBytes)).map(\.step)
  }

  @Test("a resolution while a session holds the task names the task; the run is not woken")
  func held() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .race, members: 3, activities: 2)
      #expect(try await news(store).isEmpty)
      guard case .joined(let joined) = try await store.execute(store.settle(1, "g/1", reserving: true)) else {
        return fail("not settled")
      }
      guard case .none = joined.wake else { return fail("woken") }
      #expect(joined.effects.untold == task(store))
      let news = try await news(store)
      #expect(news.map(\.task) == [task(store)] && news.map(\.group.winner) == ["g/1"])
      let members = try await members(store)
      #expect(members.map(\.key) == ["g/0", "g/1"] && members.map(\.state) == [.cancelled, .completed])
    }
  }

  @Test("a member that decides nothing, and a resolution that wakes the run, name nobody")
  func nobody() async throws {
    try await StoreFixture.with { store in
      try await store.open(.collectAll, members: 2)
      for (step, isWoken) in [("g/0", false), ("g/1", true)] {
        guard case .joined(let joined) = try await store.execute(store.settle(1, step, reserving: true)) else {
          return fail("not settled")
        }
        if case .leased = joined.wake { #expect(isWoken) } else { #expect(!isWoken) }
        #expect(joined.effects.untold == nil)
      }
      // The task that was handed out with it carries it.
      #expect(try await news(store, epoch: 2).isEmpty)
    }
  }

  @Test("what the holder's own report resolves names nobody, and is told apart from what an earlier event resolved")
  func own() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .race, members: 2, activities: 1)
      var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
      advance.steps = [store.local("g/near")]
      for isFirst in [true, false] {
        guard case .advanced(let advanced) = try await store.execute(.advanceRun(advance)) else {
          return fail("not advanced")
        }
        #expect(advanced.effects.untold == nil && advanced.effects.resolved.map(\.winner) == ["g/near"])
        #expect(advanced.effects.resolvedNow == (isFirst ? ["g"] : []))
      }
    }
  }

  @Test("a deadline that cancels nothing recorded raises the change counter all the same, so that no task misses it")
  func deadline() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .collectAll, members: 1, activities: 0, deadlineMilliseconds: 60_000)
      try await store.database.withConnection {
        try $0.executeScript(
          """
          UPDATE kagzi.groups SET deadline_at = clock_timestamp() - interval '1 ms';
          UPDATE kagzi.open_runs SET lease_seq = seq, delivered_seq = seq
          """)
      }
      guard case .joined(let joined) = try await store.execute(.expireGroup(ExpireGroup(runID: id, groupKey: "g")))
      else { return fail("not expired") }
      #expect(joined.effects.untold == task(store))
      #expect(try await news(store).map(\.group.verdict) == [.deadline])
      #expect(try await members(store).isEmpty)
      let delta = try await store.read(LoadTaskGroups(runIDs: [id], areDeltas: [true]))
      #expect(delta.map(\.group.verdict) == [.deadline])
    }
  }

  @Test("nothing is said to a task that has ended, though the next one has the same session")
  func ended() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .race, members: 2, activities: 1)
      try await store.execute(store.settle(1, "g/0"))
      #expect(try await news(store).count == 1)
      guard case .advanced(let advanced) = try await store.execute(store.suspend(1, hasSlot: true)) else {
        return fail("not advanced")
      }
      #expect(advanced.newEpoch == 2)
      #expect(try await news(store).isEmpty)
      // The new task carries it.
      #expect(try await news(store, epoch: 2).isEmpty)
      #expect(try await members(store).isEmpty)
    }
  }

  @Test("members come up to a size and one more; local ones, which the holder reported itself, do not")
  func sizes() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .collectAll, members: 5, activities: 4)
      var advance = AdvanceRun(runID: id, epoch: 1, disposition: .continue)
      advance.steps = [store.local("g/near")]
      try await store.execute(.advanceRun(advance))
      for index in 0..<4 { try await store.execute(store.settle(1, "g/\(index)")) }
      #expect(try await news(store).map(\.group.succeeded) == [5])
      #expect(try await members(store).map(\.key) == ["g/0", "g/1", "g/2", "g/3"])
      #expect(try await members(store, maxBytes: 1).map(\.key) == ["g/0", "g/1"])
    }
  }

  @Test("both reads find what they need by indexes, on a small table, too")
  func plans() async throws {
    try await StoreFixture.with { store in
      try await hold(store, .race, members: 2, activities: 1)
      let groups = try await plan(LoadGroupNews(tasks: [task(store)]), store)
      #expect(groups.contains("groups_pkey") && !groups.contains("Seq Scan"), "\(groups)")
      let members = try await plan(LoadMemberNews(groups: [(id, "g")], maxBytes: 1), store)
      #expect(members.contains("open_runs_pkey") && !members.contains("Seq Scan"), "\(members)")
    }
  }

  /// The plan that the connections for look-ups make.
  private func plan<Statement: PostgresStatement & Sendable>(
    _ statement: Statement, _ store: StoreFixture
  ) async throws -> String {
    let configuration = store.database.configuration.forBatches()
    return try await NativeThread.run(name: "plan") {
      let connection = try PostgresConnection(configuration, logger: TestCluster.logger)
      return try connection.execute(Explained(statement: statement)).rows.joined(separator: "\n")
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}

private struct Explained<Statement: PostgresStatement>: PostgresStatement {
  let statement: Statement
  static var name: String { "" }
  static var sql: String { "EXPLAIN " + Statement.sql }
  func bind(_ parameters: inout PostgresParameters) { statement.bind(&parameters) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
