import Engine
import Postgres
import Store
import TestSupport

/// Two batches on two connections, of which the second begins when the first has done everything but commit.
///
/// The first one carries, as its last statement, an operation that waits for a row this type has locked.
final class Interleaving {
  private let first: Lane
  private let second: Lane
  private let blocker: PostgresConnection
  private let prober: PostgresConnection
  private static let gate = ChildNotice(runID: UUID(high: 99, low: 99), kind: .ended)

  /// Used from one thread.
  init(_ database: TestDatabase) throws {
    first = Lane(database)
    second = Lane(database)
    blocker = try PostgresConnection(database.configuration, logger: TestCluster.logger)
    prober = try PostgresConnection(database.configuration, logger: TestCluster.logger)
  }

  deinit {
    first.stop()
    second.stop()
  }

  /// The outcomes of both. The second may finish before the first commits, if they do not meet.
  func run(_ one: Operation, _ other: Operation) throws -> (first: Outcome, second: Outcome) {
    let gate = Self.gate.runID
    try blocker.executeScript(
      """
      INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
      VALUES ('\(gate)', 1, '\(gate)', 'gate', clock_timestamp())
      """)
    try blocker.executeScript("BEGIN; SELECT FROM kagzi.child_notices WHERE run_id = '\(gate)' FOR UPDATE")
    first.begin([one, .forgetNotice(Self.gate)])
    while try waiting() < 1, !first.isOver {}
    second.begin([other])
    while try waiting() < 2, !second.isOver {}
    try blocker.executeScript("COMMIT; DELETE FROM kagzi.child_notices WHERE run_id = '\(gate)'")
    let (firstResult, secondResult) = (first.result(), second.result())
    return (try firstResult.get()[0], try secondResult.get()[0])
  }

  private func waiting() throws -> Int { try prober.execute(CountWaiting()).rows[0] }

  /// What must hold of a run whatever happened to it, and does not.
  func violations(of runID: RunID) throws -> [String] { try prober.execute(RunInvariants(runID: runID)).rows }
}

/// Carries out batches on a thread and a connection of its own, planned as a coordinator's lane plans them.
private final class Lane: Sendable {
  private struct State: Sendable {
    var operations: [Operation]?
    var result: Result<[Outcome], any Error>?
    var isStopped = false
  }

  private let state = Monitor(State())
  private let thread: NativeThread

  init(_ database: TestDatabase) {
    let state = state
    thread = NativeThread(name: "lane") {
      let connection = Result {
        try PostgresConnection(database.configuration.forBatches(), logger: TestCluster.logger)
      }
      while let operations = Self.next(state) {
        let outcomes = Result { try OperationExecutor().execute(operations, on: connection.get()) }
        state.withLockAndBroadcast { $0.result = outcomes }
      }
    }
  }

  /// Nil once it is stopped.
  private static func next(_ state: Monitor<State>) -> [Operation]? {
    let operations = state.wait { state -> [Operation]? in
      defer { state.operations = nil }
      return state.operations ?? (state.isStopped ? [] : nil)
    }
    return operations.flatMap { $0.isEmpty ? nil : $0 }
  }

  func begin(_ operations: [Operation]) {
    state.withLockAndBroadcast {
      $0.result = nil
      $0.operations = operations
    }
  }

  var isOver: Bool { state.withLock { $0.result != nil } }

  func result() -> Result<[Outcome], any Error> { state.wait { $0.result } ?? .success([]) }

  func stop() {
    state.withLockAndBroadcast { $0.isStopped = true }
    thread.join()
  }
}

/// Sentences about what is wrong with a run; none if all is well.
struct RunInvariants: PostgresStatement {
  let runID: RunID

  static let name = "run_invariants"
  static let sql = """
    WITH run AS (
      SELECT r.run_id, r.status AS closed_status, coalesce(o.seq, r.seq) AS seq, o.run_id IS NOT NULL AS is_open, o.status,
             o.ready_at, o.resume_at, o.leased, o.news, o.signals_untaken
        FROM kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id WHERE r.run_id = $1
    )
    SELECT 'it is open and closed, or neither' FROM run WHERE is_open = (closed_status IS NOT NULL)
    UNION ALL
    SELECT 'step ' || s.step_key || ' is open in a closed run' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE NOT r.is_open AND s.state < 5
    UNION ALL
    SELECT 'group ' || g.group_key || ' is open in a closed run' FROM run r JOIN kagzi.groups g USING (run_id)
     WHERE NOT r.is_open AND g.verdict IS NULL
    UNION ALL
    SELECT 'step ' || s.step_key || ' has a number beyond the run' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE greatest(s.scheduled_seq, s.settled_seq) > r.seq
    UNION ALL
    SELECT 'it is paused and claimable' FROM run WHERE status = 5 AND ready_at IS NOT NULL
    UNION ALL
    SELECT 'it is paused and activity ' || s.step_key || ' is ready' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE r.status = 5 AND s.state = 1
    UNION ALL
    SELECT 'it is not paused and activity ' || s.step_key || ' is held back' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE r.is_open AND r.status <> 5 AND s.state = 3 AND s.is_held_back
    UNION ALL
    SELECT 'it sleeps on news' FROM run
     WHERE is_open AND status <> 5 AND NOT leased AND ready_at IS NULL AND resume_at IS NULL AND news
    UNION ALL
    SELECT 'it counts ' || r.signals_untaken || ' untaken signals' FROM run r
     WHERE r.is_open AND r.signals_untaken <> (
             SELECT count(*) FROM kagzi.signals g WHERE g.run_id = r.run_id AND g.taken_by IS NULL)
    UNION ALL
    SELECT 'step ' || s.step_key || ' waits for a signal that is there' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE r.is_open AND s.kind = 5 AND s.state = 3 AND EXISTS (
             SELECT FROM kagzi.signals g WHERE g.run_id = r.run_id AND g.name = s.signal_name AND g.taken_by IS NULL)
    UNION ALL
    SELECT 'group ' || g.group_key || ' counts ' || g.succeeded || ' and ' || g.failed
      FROM run r JOIN kagzi.groups g USING (run_id)
     WHERE g.verdict IS NULL AND (g.succeeded, g.failed) <> (
             SELECT count(*) FILTER (WHERE s.state = 5), count(*) FILTER (WHERE s.state > 5)
               FROM kagzi.steps s WHERE s.run_id = g.run_id AND s.group_key = g.group_key)
    UNION ALL
    SELECT 'group ' || g.group_key || ' is resolved and member ' || s.step_key || ' is open'
      FROM run r JOIN kagzi.groups g USING (run_id) JOIN kagzi.steps s ON s.run_id = g.run_id AND s.group_key = g.group_key
     WHERE g.verdict IS NOT NULL AND s.state < 5
    UNION ALL
    SELECT 'child ' || c.workflow_id || ' goes on though nobody waits for it'
      FROM run r JOIN kagzi.open_runs c ON c.parent_run_id = r.run_id
     WHERE NOT EXISTS (SELECT FROM kagzi.steps s
                        WHERE s.run_id = r.run_id AND s.step_key = c.parent_step AND s.child_run_id = c.run_id AND s.state IN (3, 5))
       AND NOT EXISTS (SELECT FROM kagzi.child_notices n WHERE n.run_id = c.run_id AND n.kind = 2)
    UNION ALL
    SELECT 'step ' || s.step_key || ' waits for a child that is none' FROM run r JOIN kagzi.steps s USING (run_id)
     WHERE s.kind = 4 AND s.state = 3 AND NOT EXISTS (SELECT FROM kagzi.open_runs c WHERE c.run_id = s.child_run_id)
       AND NOT EXISTS (SELECT FROM kagzi.child_notices n WHERE n.run_id = s.child_run_id AND n.kind = 1)
    UNION ALL
    SELECT 'two open runs have its workflow id' FROM run r JOIN kagzi.runs x USING (run_id)
     WHERE (SELECT count(*) FROM kagzi.runs t WHERE t.workflow_id = x.workflow_id AND t.status IS NULL) > 1
    """

  func bind(_ parameters: inout PostgresParameters) { parameters.bind(runID) }

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
