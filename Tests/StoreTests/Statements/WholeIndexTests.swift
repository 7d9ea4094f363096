import Engine
import Postgres
import Store
import TestSupport
import Testing

/// A plan is made once and kept. If it is made when a table is empty, the planner thinks that all of its index is read faster than a few
/// rows are looked up; and when ten thousand runs are open, each statement reads them all.
@Suite("Statements of batches look rows up, whatever the tables held when they were planned")
struct WholeIndexTests {
  /// Runs that are open, each with a step, when plans are made.
  static let sizes = [0, 3, 1_000]

  @Test("every statement of every operation", arguments: sizes)
  func batches(size: Int) async throws {
    try await StoreFixture.with { store in
      let batches = LockOrderTests.Form.all.map { store.three($0) }
      let plans = try await store.onLane { connection in
        for operations in batches { _ = try OperationExecutor().execute(operations, on: connection) }
        try connection.hold(size)
        return try connection.execute(PreparedPlans()).rows.map { statement in
          (statement.name, try connection.execute(ExplainPrepared(statement: statement)).rows)
        }
      }
      #expect(plans.count > 35)
      for (name, lines) in plans { #expect(whole(lines) == [], "\(name)") }
    }
  }

  @Test("every look-up for tasks and waiters", arguments: sizes)
  func lookups(size: Int) async throws {
    try await StoreFixture.with { store in
      let token = TaskToken(runID: store.id(1), sessionID: store.session, epoch: 1, step: nil)
      let plans = try await store.onLane { connection in
        try connection.hold(size)
        return [
          try connection.plan(LoadTaskRuns(runIDs: [token.runID])),
          try connection.plan(LoadRuns(runIDs: [token.runID])),
          try connection.plan(LoadTaskSteps(runIDs: [token.runID], areDeltas: [true], maxBytes: 1)),
          try connection.plan(LoadTaskGroups(runIDs: [token.runID], areDeltas: [true])),
          try connection.plan(LoadGroupNews(tasks: [token])),
          try connection.plan(LoadMemberNews(groups: [(token.runID, "g")], maxBytes: 1)),
        ]
      }
      for plan in plans { #expect(whole(plan.lines) == [], "\(plan.name)") }
    }
  }

  @Test("a plan that reads an index whole is recognised")
  func recognised() {
    let lookUp = [
      "Nested Loop", "  ->  Function Scan on i", "  ->  Index Scan using open_runs_pkey on open_runs r  (cost=1)",
      "        Index Cond: (run_id = i.run_id)", "        Filter: leased",
    ]
    #expect(whole(lookUp) == [])
    #expect(whole(lookUp.filter { !$0.contains("Index Cond") }).count == 1)
    #expect(whole(["Seq Scan on steps"]).count == 1)
  }

  /// The lines of scans that read a table or an index from its one end to the other. Schedules and their firings are few.
  private func whole(_ plan: [String]) -> [String] {
    func depth(_ line: String) -> Int { line.prefix { $0 == " " }.count }
    return plan.indices.filter { index in
      let line = plan[index]
      if line.contains("Seq Scan on ") { return true }
      guard line.contains("Index Scan ") || line.contains("Index Only Scan "), !line.contains(" on schedule") else {
        return false
      }
      let details = plan[(index + 1)...].prefix { depth($0) > depth(line) && !$0.contains("->") }
      return !details.contains { $0.contains("Index Cond:") }
    }.map { plan[$0] }
  }
}

extension StoreFixture {
  /// On a connection that plans as a lane does.
  fileprivate func onLane<Result: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    let configuration = database.configuration.forBatches()
    return try await NativeThread.run(name: "lane") {
      try body(try PostgresConnection(configuration, logger: TestCluster.logger))
    }
  }
}

extension PostgresConnection {
  /// So many open runs and nothing else, vacuumed and analyzed.
  fileprivate func hold(_ size: Int) throws {
    try executeScript(
      """
      TRUNCATE kagzi.open_runs, kagzi.runs, kagzi.steps, kagzi.step_attempts, kagzi.groups, kagzi.signals, kagzi.child_notices;
      CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id FROM generate_series(1, \(size));
      INSERT INTO kagzi.runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, created_at)
        SELECT id, 'default', id::text, 'w', 1, 'q', 0, now() FROM made;
      INSERT INTO kagzi.open_runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq)
        SELECT id, 'default', id::text, 'w', 1, 'q', 0, 3, 1 FROM made;
      INSERT INTO kagzi.steps (run_id, step_key, kind, state, scheduled_seq, scheduled_at) SELECT id, 's', 1, 4, 1, now() FROM made;
      """)
    try executeScript("VACUUM ANALYZE")
  }

  fileprivate func plan<Statement: PostgresStatement & Sendable>(
    _ statement: Statement
  ) throws -> (name: String, lines: [String]) {
    (Statement.name, try execute(Explain(statement: statement)).rows)
  }
}

private struct PreparedPlans: PostgresStatement {
  struct Row: Sendable {
    var name: String
    var parameters: Int
  }

  static let name = ""
  static let sql = "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements WHERE name <> ''"
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(name: try row.string(0), parameters: Int(try row.int32(1)))
  }
}

private struct ExplainPrepared: PostgresStatement {
  let statement: PreparedPlans.Row

  static let name = ""
  static let sql = ""
  var text: PostgresStatementText {
    let nothing = Array(repeating: "NULL", count: statement.parameters).joined(separator: ", ")
    return PostgresStatementText(
      name: "", sql: "EXPLAIN EXECUTE \"\(statement.name)\"\(nothing.isEmpty ? "" : " (\(nothing))")")
  }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}

private struct Explain<Explained: PostgresStatement & Sendable>: PostgresStatement {
  let statement: Explained
  static var name: String { "" }
  static var sql: String { "EXPLAIN " + Explained.sql }
  func bind(_ parameters: inout PostgresParameters) { statement.bind(&parameters) }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
