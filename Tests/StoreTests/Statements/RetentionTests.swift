import Engine
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@Suite("Retention in the database")
struct RetentionTests {
  /// A run id made so long ago.
  private func id(_ number: UInt64, daysAgo: Double) -> Engine.UUID {
    let now = UInt64(Date().timeIntervalSince1970 * 1_000)
    let milliseconds = now - UInt64(daysAgo * 86_400_000)
    return Engine.UUID(high: milliseconds << 16 | 0x7000, low: 1 << 63 | number)
  }

  private let day: Int64 = 86_400_000

  private func remove(
    _ store: StoreFixture, after: Engine.UUID = Engine.UUID(high: 0, low: 0), maxRuns: Int = 500, maxSteps: Int = 5_000
  ) async throws -> RemoveClosedRuns.Row {
    let remove = RemoveClosedRuns(
      namespace: "default", retentionMilliseconds: 7 * day, after: after, maxRuns: maxRuns, maxSteps: maxSteps)
    return try #require(try await store.read(remove).first)
  }

  /// Starts a run created and, if so, closed some days ago.
  private func make(
    _ store: StoreFixture, _ number: UInt64, createdDaysAgo: Double, closedDaysAgo: Double?, steps: Int = 1
  ) async throws -> Engine.UUID {
    let runID = id(number, daysAgo: createdDaysAgo)
    var start = store.start(number)
    start.runID = runID
    try await store.execute(.startRun(start))
    var close = CloseRun(runID: runID, epoch: 1, status: .completed)
    close.steps = (0..<steps).map { NewStep(key: "s\($0)", kind: .local, state: .completed) }
    close.failedAttempts = [FailedAttempt(key: "s0", attempt: 1, failure: [1])]
    if let closedDaysAgo {
      try await store.execute(.closeRun(close))
      try await store.database.withConnection { connection in
        try connection.executeScript(
          "UPDATE kagzi.runs SET closed_at = now() - interval '\(closedDaysAgo) days' WHERE run_id = '\(runID)'")
      }
    }
    return runID
  }

  private func remaining(_ store: StoreFixture) async throws -> Set<Engine.UUID> {
    Set(
      try await store.read(ListRuns<AllRuns>(selection: RunSelection(namespace: "default"), before: nil, limit: 1_000))
        .map(
          \.runID))
  }

  private func count(_ store: StoreFixture, _ table: String) async throws -> Int {
    try await store.database.withConnection { connection in
      try connection.executeScript("CREATE OR REPLACE VIEW counted AS SELECT count(*) AS count FROM kagzi.\(table)")
      return try connection.execute(ReadCounted()).rows[0]
    }
  }

  @Test("closed runs older than the retention go, with all that is theirs; open and younger ones stay")
  func removal() async throws {
    try await StoreFixture.with { store in
      let old = try await make(store, 1, createdDaysAgo: 30, closedDaysAgo: 20)
      let open = try await make(store, 2, createdDaysAgo: 30, closedDaysAgo: nil)
      let lately = try await make(store, 3, createdDaysAgo: 30, closedDaysAgo: 6.9)
      let young = try await make(store, 4, createdDaysAgo: 1, closedDaysAgo: 0.5)
      #expect(try await remaining(store) == [old, open, lately, young])
      try await store.database.withConnection { connection in
        try connection.executeScript(
          """
          INSERT INTO kagzi.signals (run_id, seq, name, received_at) SELECT run_id, 1, 'go', now() FROM kagzi.runs;
          INSERT INTO kagzi.groups (run_id, group_key, strategy, member_count, opened_seq, opened_at)
          SELECT run_id, 'g', 1, 2, 1, now() FROM kagzi.runs
          """)
      }
      let row = try await remove(store)
      #expect(row.isOurTurn && row.removed == 1 && row.next == nil)
      #expect(try await remaining(store) == [open, lately, young])
      for table in ["signals", "groups"] { #expect(try await count(store, table) == 3, "\(table)") }
      #expect(try await count(store, "steps") == 2)
      #expect(try await count(store, "step_attempts") == 2)
      let again = try await remove(store)
      #expect(again.removed == 0)
      // The workflow id and the request id are free again.
      guard case .started = try await store.execute(.startRun(store.start(1))) else {
        Issue.record("a removed run is still in the way")
        return
      }
    }
  }

  @Test("runs of other namespaces stay")
  func namespaces() async throws {
    try await StoreFixture.with { store in
      let run = try await make(store, 1, createdDaysAgo: 30, closedDaysAgo: 20)
      let other = RemoveClosedRuns(namespace: "other", retentionMilliseconds: 1, after: Engine.UUID(high: 0, low: 0))
      let row = try #require(try await store.read(other).first)
      #expect(row.removed == 0 && row.next == nil)
      #expect(try await remaining(store) == [run])
    }
  }

  @Test("a batch is bounded by the runs it looks at and by their steps, and the next goes on behind it")
  func batches() async throws {
    try await StoreFixture.with { store in
      for number in 1...10 as ClosedRange<UInt64> {
        _ = try await make(
          store, number, createdDaysAgo: 40 - Double(number), closedDaysAgo: number == 2 ? nil : 10, steps: 10)
      }
      var after = Engine.UUID(high: 0, low: 0)
      var removed: [Int] = []
      while true {
        let row = try await remove(store, after: after, maxRuns: 4, maxSteps: 20)
        removed.append(row.removed)
        guard let next = row.next else { break }
        after = next
      }
      // Two runs of eleven rows fill a batch.
      #expect(removed.allSatisfy { $0 <= 2 })
      #expect(removed.reduce(0, +) == 9)
      #expect(try await remaining(store).count == 1)
    }
  }

  @Test("a run stays while its parent is open, or while its end is to be told to its parent")
  func children() async throws {
    try await StoreFixture.with { store in
      let parent = try await make(store, 1, createdDaysAgo: 30, closedDaysAgo: nil)
      let child = try await make(store, 2, createdDaysAgo: 30, closedDaysAgo: 20)
      let told = try await make(store, 3, createdDaysAgo: 30, closedDaysAgo: 20)
      try await store.database.withConnection { connection in
        try connection.executeScript(
          """
          UPDATE kagzi.runs SET parent_run_id = '\(parent)' WHERE run_id = '\(child)';
          INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
          VALUES ('\(told)', 1, '\(parent)', 'x', now())
          """)
      }
      let row = try await remove(store)
      #expect(row.removed == 0)
      try await store.execute(.endRun(EndRun(runID: parent, status: .terminated, reason: "", failure: [1])))
      try await store.database.withConnection { try $0.executeScript("DELETE FROM kagzi.child_notices") }
      let later = try await remove(store)
      #expect(later.removed == 2)
      #expect(try await remaining(store) == [parent])
    }
  }

  @Test("a run that is being opened again is passed over; while another coordinator removes, nothing is done")
  func locks() async throws {
    try await StoreFixture.with { store in
      let first = try await make(store, 1, createdDaysAgo: 30, closedDaysAgo: 20)
      let second = try await make(store, 2, createdDaysAgo: 29, closedDaysAgo: 20)
      let (passed, left) = try await store.database.withConnection { holder in
        try holder.executeScript("BEGIN; SELECT FROM kagzi.runs WHERE run_id = '\(first)' FOR UPDATE")
        let other = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        let remove = RemoveClosedRuns(
          namespace: "default", retentionMilliseconds: 7 * 86_400_000, after: Engine.UUID(high: 0, low: 0))
        let passed = try other.execute(remove).rows[0]
        // Another coordinator in the middle of a batch.
        try holder.executeScript("COMMIT; BEGIN")
        _ = try holder.execute(remove)
        let left = try other.execute(remove).rows[0]
        try holder.executeScript("ROLLBACK")
        return (passed, left)
      }
      #expect(passed.isOurTurn && passed.removed == 1)
      #expect(!left.isOurTurn && left.removed == 0 && left.next == nil)
      #expect(try await remaining(store) == [first])
      _ = second
    }
  }
}

private struct ReadCounted: PostgresStatement {
  static let name = ""
  static let sql = "SELECT count FROM counted"
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}
