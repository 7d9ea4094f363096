import Engine
import Postgres
import Store
import TestSupport
import Testing

/// Batches of two coordinators that want each other's rows must not wait for each other in a circle: Postgres finds one only
/// after a second, and one of the two has to begin anew.
@Suite("No circle of waiting")
struct CircleTests {
  /// Two operations, and the step that both want.
  private typealias Pair = (one: OperationKind, other: OperationKind, step: String)

  private static let pairs: [Pair] =
    [.closeRun, .continueRun, .endRun, .restartRun].flatMap { (ending: OperationKind) -> [Pair] in
      [.settleStep, .retryStep, .releaseStep, .recordProgress].map { ($0, ending, "held") }
        + [(.readyStep, ending, "retrying"), (.pauseRun, ending, "ready")]
    } + [(.settleStep, .releaseStep, "held")]

  @Test("two operations that want one step and one run both go on, whoever comes first")
  func pairs() async throws {
    try await StoreFixture.with { store in
      let sides = Self.pairs.flatMap { [($0.one, $0.other, $0.step), ($0.other, $0.one, $0.step)] }
      for (number, (first, second, step)) in zip(UInt64(1)..., sides) {
        try await store.makeBusyRuns(number...number, .held)
        let running = try await store.database.withConnection { blocker in
          try blocker.executeScript(
            "BEGIN; SELECT FROM kagzi.steps WHERE run_id = '\(store.id(number))' AND step_key = '\(step)' FOR UPDATE")
          let prober = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
          // Both wait for the step, or the second for the first; whoever gets it must not need what the other holds.
          var running: [Task<Outcome, any Error>] = []
          for kind in [first, second] {
            running.append(Task { try await store.execute(store.busyOperation(kind, number)) })
            while try prober.execute(CountWaiting()).rows[0] < running.count {}
          }
          try blocker.executeScript("COMMIT")
          return running
        }
        for task in running {
          do {
            _ = try await task.value
          } catch {
            Issue.record("\(first), then \(second): \(error)")
          }
        }
      }
    }
  }

  @Test(
    "two coordinators, of which one closes runs and the other settles steps of the same runs, never try anything again",
    arguments: [OperationKind.closeRun, .continueRun, .endRun])
  func underLoad(ending: OperationKind) async throws {
    try await StoreFixture.with { fixture in
      let stores = (0..<2).map { _ in
        Store(
          fixture.database.configuration, connections: .init(lanes: 1, reads: 1, lookups: 1),
          logger: TestCluster.logger)
      }
      let size: UInt64 = 150
      let end = ContinuousClock.now + .seconds(2)
      var first: UInt64 = 1
      var (closed, settled) = (0, 0)
      while .now < end {
        let numbers = first...first + size - 1
        try await fixture.makeBusyRuns(numbers, .held)
        let outcomes = try await withThrowingTaskGroup(of: [Outcome].self) { group in
          for number in numbers {
            group.addTask { [try await stores[0].submit(fixture.busyOperation(ending, number))] }
            for operation in fixture.settles(number) {
              group.addTask { [try await stores[1].submit(operation)] }
            }
          }
          return try await group.reduce(into: []) { $0 += $1 }
        }
        for outcome in outcomes {
          switch outcome {
          case .closed, .continued: closed += 1
          case .woken, .joined: settled += 1
          default: break
          }
        }
        first += size
      }
      let conflicts = stores.map { $0.batcher.statistics.conflicts }
      for store in stores { await store.shutdown() }
      #expect(conflicts == [0, 0])
      #expect(try await fixture.read(Deadlocks()) == [0])
      // Everything was closed once, and some steps were settled before: they did meet.
      #expect(closed == Int(first - 1))
      #expect(settled > 0 && settled < 2 * closed, "\(settled) settled, \(closed) closed")
    }
  }
}

extension StoreFixture {
  /// What another coordinator may have to settle of a busy run, members of groups left aside: those who settle them and those who
  /// close the run meet at the group.
  fileprivate func settles(_ number: UInt64) -> [Operation] {
    [
      settle(number, "held"),
      .settleStep(SettleStep(runID: id(number), stepKey: "timer", guard: .due(.waiting), state: .completed)),
    ]
  }
}

private struct Deadlocks: PostgresStatement {
  static let name = ""
  static let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64 { try row.int64(0) }
}
