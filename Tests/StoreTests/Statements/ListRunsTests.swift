import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Lists of runs in the database")
struct ListRunsTests {
  /// Closed runs made straight in the table: ids grow with their numbers, every third failed, every tenth timed out.
  private func fill(
    _ store: StoreFixture, namespace: String, _ numbers: ClosedRange<Int>, types: Int = 3, queue: String = "default"
  ) async throws {
    try await store.database.withConnection { connection in
      try connection.executeScript(
        """
        INSERT INTO kagzi.runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, created_at,
          closed_at, status, failure, failure_status, seq)
        SELECT lpad(to_hex(n), 32, '0')::uuid, '\(namespace)', n::text, 'type-' || n % \(types), 1 + n % 2, '\(queue)', 0, now(), now(),
               coalesce(f, 6), CASE WHEN f IS NOT NULL THEN '\\x01'::bytea END, f, 3
          FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n,
               LATERAL (SELECT CASE WHEN n % 10 = 0 THEN 10 WHEN n % 3 = 0 THEN 7 END::smallint AS f) failure
        """)
    }
  }

  private func id(_ number: Int) -> Engine.UUID { Engine.UUID(high: 0, low: UInt64(number)) }

  @Test("a namespace's runs are found behind any number of others, in order and page by page")
  func hiddenNamespace() async throws {
    try await StoreFixture.with { store in
      try await fill(store, namespace: "small", 1...50)
      try await fill(store, namespace: "large", 51...10_100)
      let small = RunSelection(namespace: "small")
      let among = try await store.read(ListNewestRuns(selection: small, before: nil, limit: 20))
      #expect(among.isEmpty)
      var (found, before): ([Engine.UUID], Engine.UUID?) = ([], nil)
      while true {
        let page = try await store.read(ListRunsByKind(selection: small, before: before, limit: 20))
        found += page.map(\.runID)
        guard page.count == 20 else { break }
        before = page.last?.runID
      }
      #expect(found == (1...50).reversed().map(id))
      let newest = try await store.read(
        ListNewestRuns(selection: RunSelection(namespace: "large"), before: id(10_050), limit: 5))
      #expect(newest.map(\.runID) == (10_045...10_049).reversed().map(id))
    }
  }

  @Test("failures are found by status, with a type and without")
  func failures() async throws {
    try await StoreFixture.with { store in
      try await fill(store, namespace: "default", 1...300)
      for statuses in [[7], [10], [7, 10], [9]] as [[Int16]] {
        for type in [nil, "type-1", "nothing"] {
          var selection = RunSelection(namespace: "default")
          selection.statuses = statuses
          selection.workflowType = type
          let expected = (1...300).reversed().filter { number in
            let status: Int16? = number % 10 == 0 ? 10 : number % 3 == 0 ? 7 : nil
            return status.map(statuses.contains) == true && (type ?? "type-\(number % 3)") == "type-\(number % 3)"
          }
          let found = try await store.read(ListFailures(selection: selection, before: id(290), limit: 10))
          #expect(found.map(\.runID) == expected.filter { $0 < 290 }.prefix(10).map(id), "\(statuses) \(type ?? "")")
          let count = try await store.read(CountRuns<FailedRuns>(selection: selection)).reduce(0) { $0 + $1.count }
          #expect(count == expected.count)
        }
      }
    }
  }

  @Test("a run that fails, is opened again and completes is a failure while it is one")
  func failureStatus() async throws {
    try await StoreFixture.with { store in
      var failed = RunSelection(namespace: "default")
      failed.statuses = [7, 8, 9, 10]
      func failures() async throws -> [Engine.RunStatus] {
        try await store.read(ListFailures(selection: failed, before: nil, limit: 10)).map(\.status)
      }
      let runID = Engine.UUID(high: 1, low: 1)
      try await store.execute(.startRun(store.start(1)))
      var close = CloseRun(runID: runID, epoch: 1, status: .failed)
      close.failure = [1]
      try await store.execute(.closeRun(close))
      #expect(try await failures() == [.failed])
      try await store.execute(.reopenRun(ReopenRun(runID: runID, dropped: [])))
      #expect(try await failures() == [])
      try await store.execute(.endRun(EndRun(runID: runID, status: .terminated, reason: "", failure: [1])))
      #expect(try await failures() == [.terminated])
    }
  }

  @Test("open runs of a type are found among the open ones, however many closed ones it has")
  func openRuns() async throws {
    try await StoreFixture.with { store in
      try await fill(store, namespace: "default", 1...5_000, types: 1)
      for number in 1...5 as ClosedRange<UInt64> {
        var start = store.start(number)
        start.workflowType = "type-0"
        try await store.execute(.startRun(start))
      }
      try await store.database.withConnection { try $0.executeScript("ANALYZE kagzi.runs, kagzi.open_runs") }
      var selection = RunSelection(namespace: "default")
      selection.workflowType = "type-0"
      selection.statuses = [2]
      let list = ListRuns<OpenRuns>(selection: selection, before: Engine.UUID(high: 1, low: 4), limit: 2)
      let plan = try await store.plan(list)
      #expect(plan.contains("runs_pkey on runs r") && !plan.contains("runs_by_version"), "\(plan)")
      let found = try await store.read(list)
      #expect(found.map(\.runID) == [Engine.UUID(high: 1, low: 3), Engine.UUID(high: 1, low: 2)])
      let counted = try await store.read(CountRuns<OpenRuns>(selection: selection))
      #expect(counted.map(\.count) == [5])
    }
  }

  @Test("runs of a queue are found by an index, whether it has any or not; those of the default queue are in none")
  func queues() async throws {
    try await StoreFixture.with { store in
      try await fill(store, namespace: "default", 1...5_000)
      try await fill(store, namespace: "default", 5_001...5_020, queue: "rare")
      try await store.database.withConnection { try $0.executeScript("ANALYZE kagzi.runs") }
      for (queue, isIndexed) in [("rare", true), ("nothing", true), ("default", false)] {
        var selection = RunSelection(namespace: "default")
        selection.taskQueue = queue
        let plan = try await store.plan(ListRuns<AllRuns>(selection: selection, before: nil, limit: 10))
        #expect(plan.contains("runs_by_queue") == isIndexed, "\(queue): \(plan)")
        let found = try await store.read(ListRuns<AllRuns>(selection: selection, before: nil, limit: 10))
        #expect(found.count == (queue == "nothing" ? 0 : 10))
      }
    }
  }

  @Test("a run without particulars, one that is open and a step have three, two and one index entries")
  func indexEntries() async throws {
    try await StoreFixture.with { store in
      let unconditional = try await store.read(ListUnconditionalIndexes())
      #expect(
        unconditional == [
          "open_runs.one_open_run_a_workflow_id", "open_runs.open_runs_pkey", "runs.runs_by_version",
          "runs.runs_by_workflow_id", "runs.runs_pkey", "steps.steps_pkey",
        ])
    }
  }

  @Test("nothing that a task's hand-out, report or close rewrites is in an index, so that rows are rewritten in place")
  func rewrittenInPlace() async throws {
    try await StoreFixture.with { store in
      let rewritten: [String: Set<String>] = [
        "runs": ["status", "status_reason", "started_at", "closed_at", "output", "seq", "closing_epoch"],
        "open_runs": [
          "status", "status_reason", "seq", "lease_seq", "delivered_seq", "news", "leased", "session_id", "sticky",
          "lease_epoch", "reported_epoch", "leased_at", "losses", "quiet_seq", "signals_received", "signals_untaken",
        ],
      ]
      for (table, columns) in rewritten {
        let indexed = Set(try await store.read(ListIndexedColumns(table: table)))
        #expect(indexed.contains("run_id"))
        #expect(indexed.isDisjoint(with: columns), "\(table): \(indexed.intersection(columns))")
      }
    }
  }
}

/// Indexes that hold every row of the tables which a workflow writes.
private struct ListUnconditionalIndexes: PostgresStatement {
  static let name = ""
  static let sql = """
    SELECT t.relname || '.' || c.relname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am a ON a.oid = c.relam
     WHERE t.relnamespace = 'kagzi'::regnamespace AND t.relname IN ('runs', 'open_runs', 'steps')
       AND i.indpred IS NULL AND a.amname = 'btree'
     ORDER BY 1
    """
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}

/// Columns that an index of a table has, or its condition.
private struct ListIndexedColumns: PostgresStatement {
  let table: String
  static let name = ""
  static let sql = """
    SELECT DISTINCT a.attname::text
      FROM pg_index i
      JOIN pg_depend d ON d.objid = i.indexrelid AND d.classid = 'pg_class'::regclass AND d.refobjid = i.indrelid
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE i.indrelid = ('kagzi.' || $1)::regclass
    UNION
    SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = ('kagzi.' || $1)::regclass
    """
  func bind(_ parameters: inout PostgresParameters) { parameters.bind(table) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
