import Engine
import Logging
import Postgres
import Store
import TestSupport

/// A migrated database with operations carried out one batch at a time, on one connection.
struct StoreFixture: Sendable {
  let database: TestDatabase
  let session = UUID(high: 7, low: 7)

  static func with<Result: Sendable>(_ body: (StoreFixture) async throws -> Result) async throws -> Result {
    try await withDatabase { database in
      try await Migrator(database.configuration, logger: TestCluster.logger).run()
      let fixture = StoreFixture(database: database)
      let result = try await body(fixture)
      try await fixture.expectRulesAreKept()
      return result
    }
  }

  /// One batch: one transaction.
  @discardableResult
  func execute(_ operations: [Operation]) async throws -> [Outcome] {
    try await database.withConnection { try OperationExecutor().execute(operations, on: $0) }
  }

  @discardableResult
  func execute(_ operation: Operation) async throws -> Outcome { try await execute([operation])[0] }

  func read<Statement: PostgresStatement & Sendable>(_ statement: Statement) async throws -> [Statement.Row] {
    try await database.withConnection { try $0.execute(statement).rows }
  }

  // MARK: Making things

  func start(_ number: UInt64, leased: Bool = true) -> StartRun {
    var start = StartRun(
      runID: UUID(high: 1, low: number), namespace: "default", workflowID: "workflow-\(number)", workflowType: "w",
      workflowVersion: 1, taskQueue: "q")
    if leased { start.reservedSession = session }
    return start
  }

  func activity(_ key: String, leased: Bool) -> NewStep {
    var step = NewStep(key: key, kind: .activity, state: leased ? .running : .ready)
    step.activity = NewStep.Activity(
      type: "a", version: 1, namespace: "default", taskQueue: "q", priority: 0, input: [1, 0, 2],
      timeouts: ActivityTimeouts())
    if leased { step.activity?.reservedSession = session }
    return step
  }

  func suspend(_ number: UInt64, epoch: Int32 = 1, steps: [NewStep] = [], hasSlot: Bool = false) -> Operation {
    var advance = AdvanceRun(runID: UUID(high: 1, low: number), epoch: epoch, disposition: .suspend)
    advance.isSticky = true
    advance.steps = steps
    advance.hasReservedSlot = hasSlot
    return .advanceRun(advance)
  }

  func settle(_ number: UInt64, _ key: String, epoch: Int32 = 1, reserving: Bool = false) -> Operation {
    var settle = SettleStep(
      runID: UUID(high: 1, low: number), stepKey: key, guard: .held(epoch: epoch), state: .completed)
    settle.output = [9]
    if reserving { settle.reservedSession = session }
    return .settleStep(settle)
  }

  func steps(_ number: UInt64) async throws -> [StepRow] {
    try await read(
      ListSteps(runID: UUID(high: 1, low: number), after: (-1, ""), limit: 100, includesPayloads: true))
  }

  func run(_ number: UInt64) async throws -> RunRow? {
    try await read(LoadRun(namespace: "default", runID: UUID(high: 1, low: number), workflowID: nil)).first
  }
}
