import Engine
import Postgres
import Store
import TestSupport
import Testing

/// What two batches both want, both take in one order: groups first, and rows of a table by key. Else they wait for each other in
/// a circle, which costs a second and one of them its work.
@Suite("Rows are locked in key order")
struct LockOrderTests {
  /// An operation in one of its forms.
  struct Form: Sendable, CustomTestStringConvertible {
    var kind: OperationKind
    /// Nil: as the kind's name says.
    var special: Special?

    enum Special: String, Sendable { case suspending, cancellingGroup, ofMember, dueMember, onlyWhenSettled }

    var testDescription: String { [kind.rawValue, special?.rawValue].compactMap { $0 }.joined(separator: " ") }

    static let all =
      OperationKind.allCases.map { Form(kind: $0) }
      + [
        Form(kind: .advanceRun, special: .suspending), Form(kind: .advanceRun, special: .cancellingGroup),
        Form(kind: .settleStep, special: .ofMember), Form(kind: .retryStep, special: .ofMember),
        Form(kind: .releaseStep, special: .ofMember), Form(kind: .readyStep, special: .dueMember),
        Form(kind: .closeRun, special: .onlyWhenSettled),
      ]
  }

  /// Where an operation first meets others.
  enum Meeting: Sendable {
    case openRun, closedRun, step, notice
    /// The index that keeps open workflow ids apart.
    case workflowID
    /// Locked rows are passed over.
    case skips
    /// A statement an operation, that locks no row that another operation waits for.
    case alone
  }

  private func meeting(_ form: Form) -> Meeting {
    switch form.kind {
    case .advanceRun, .closeRun, .continueRun, .signalRun, .settleStep, .retryStep, .releaseStep, .readyStep,
      .releaseRun,
      .wakeRun, .cancelRun, .endRun, .moveRun, .expireGroup, .pauseRun, .resumeRun, .restartRun:
      .openRun
    case .reopenRun: .closedRun
    case .parkStep, .recordProgress: .step
    case .forgetNotice: .notice
    case .startRun: .workflowID
    case .claimRuns, .claimSteps, .decideFiring, .startFiring: .skips
    case .forkRun: .alone
    }
  }

  /// A step that the operation locks, and whether its run comes first.
  ///
  /// Steps in somebody's hands come before their run: whoever settles one finds by it whether there is anything to tell the
  /// run. Steps in nobody's hands come after it: what becomes of them depends on whether the run is paused.
  private func step(_ form: Form) -> (key: String, isAfterRun: Bool)? {
    switch (form.kind, form.special) {
    // It locks none: there is none to cancel.
    case (.closeRun, .onlyWhenSettled): nil
    case (.settleStep, .ofMember), (.retryStep, .ofMember), (.releaseStep, .ofMember): ("group/0", false)
    case (.settleStep, _), (.retryStep, _), (.releaseStep, _), (.closeRun, _), (.continueRun, _), (.endRun, _),
      (.restartRun, _):
      ("held", false)
    case (.expireGroup, _): ("late/0", false)
    case (.readyStep, .dueMember): ("group/1", true)
    case (.readyStep, _): ("retrying", true)
    case (.pauseRun, _), (.resumeRun, _): ("ready", true)
    // Their members' group is locked by then, as it is by whoever settles one.
    case (.advanceRun, .cancellingGroup): ("group/0", true)
    // Its run's row is not to be seen by others yet.
    case (.reopenRun, _): nil
    // Steps that others have locked are left to them.
    case (.signalRun, _): nil
    case (.advanceRun, _), (.parkStep, _), (.recordProgress, _), (.releaseRun, _), (.wakeRun, _), (.cancelRun, _),
      (.moveRun, _), (.startRun, _), (.forkRun, _), (.forgetNotice, _), (.claimRuns, _), (.claimSteps, _),
      (.decideFiring, _), (.startFiring, _):
      nil
    }
  }

  /// A group that the operation locks.
  private func group(_ form: Form) -> String? {
    switch (form.kind, form.special) {
    case (.closeRun, .onlyWhenSettled): nil
    case (.settleStep, .ofMember), (.retryStep, .ofMember), (.readyStep, .dueMember), (.advanceRun, .cancellingGroup),
      (.closeRun, _), (.endRun, _), (.continueRun, _), (.restartRun, _):
      "group"
    case (.expireGroup, _): "late"
    case (.settleStep, _), (.retryStep, _), (.readyStep, _), (.advanceRun, _), (.reopenRun, _), (.releaseStep, _),
      (.signalRun, _), (.parkStep, _), (.recordProgress, _), (.releaseRun, _), (.wakeRun, _), (.cancelRun, _),
      (.moveRun, _), (.pauseRun, _), (.resumeRun, _), (.startRun, _), (.forkRun, _), (.forgetNotice, _),
      (.claimRuns, _),
      (.claimSteps, _), (.decideFiring, _), (.startFiring, _):
      nil
    }
  }

  @Test("a batch that meets a locked row holds the rows before it and none after it", arguments: Form.all)
  func keyOrder(form: Form) async throws {
    let table: String
    switch meeting(form) {
    case .openRun: table = "open_runs"
    case .closedRun: table = "runs"
    case .step: table = "steps"
    case .notice: table = "child_notices"
    case .workflowID, .skips, .alone: return
    }
    try await StoreFixture.with { store in
      try await store.makeThree(form)
      let condition = table == "steps" ? "step_key = 'held'" : "true"
      let (rows, results) = try await store.blocked(on: table, where: condition, store.three(form)) { probe in
        [1, 3].map { probe.isLocked(table, $0, condition) }
      }
      #expect(rows == [true, false])
      #expect(!results.contains { if case .refused = $0 { true } else { false } })
    }
  }

  @Test(
    "a batch that waits for a step holds the steps before it and none after it, and its run if that comes first",
    arguments: Form.all)
  func stepsAndRuns(form: Form) async throws {
    guard let step = step(form) else { return }
    try await StoreFixture.with { store in
      try await store.makeThree(form)
      let condition = "step_key = '\(step.key)'"
      let (rows, results) = try await store.blocked(on: "steps", where: condition, store.three(form)) { probe in
        [probe.isLocked("open_runs", 2), probe.isLocked("steps", 1, condition), probe.isLocked("steps", 3, condition)]
      }
      #expect(rows == [step.isAfterRun, true, false])
      #expect(!results.contains { if case .refused = $0 { true } else { false } })
    }
  }

  @Test(
    "groups are locked first, in key order: a batch that waits for one holds no step and no run", arguments: Form.all)
  func groupsFirst(form: Form) async throws {
    guard let group = group(form) else { return }
    try await StoreFixture.with { store in
      try await store.makeThree(form)
      let condition = "group_key = '\(group)'"
      let (rows, results) = try await store.blocked(on: "groups", where: condition, store.three(form)) { probe in
        let others = [1, 2, 3].flatMap { [probe.isLocked("open_runs", $0), probe.isLocked("steps", $0)] }
        return [probe.isLocked("groups", 1, condition), probe.isLocked("groups", 3, condition), others.contains(true)]
      }
      #expect(rows == [true, false, false])
      #expect(!results.contains { if case .refused = $0 { true } else { false } })
    }
  }

  @Test("starts meet at the index of open workflow ids, in the order of the ids")
  func workflowIDs() async throws {
    try await StoreFixture.with { store in
      let starts = [3, 1, 2].map { Operation.startRun(store.start($0)) }
      let (probed, running) = try await store.database.withConnection { blocker in
        func insert(_ number: Int) -> String {
          """
          INSERT INTO kagzi.open_runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq)
          VALUES (gen_random_uuid(), 'default', 'workflow-\(number)', 'w', 1, 'q', 0, 1, 1)
          """
        }
        try blocker.executeScript("BEGIN; \(insert(2))")
        let running = Task { try await store.execute(starts) }
        let prober = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        while try prober.execute(CountWaiting()).rows[0] == 0 {}
        let probed = [1, 3].map { number in
          defer { try? prober.executeScript("ROLLBACK") }
          do {
            try prober.executeScript("BEGIN; SET LOCAL lock_timeout = '200ms'; \(insert(number))")
            return false
          } catch {
            return true
          }
        }
        try blocker.executeScript("ROLLBACK")
        return (probed, running)
      }
      #expect(probed == [true, false])
      #expect(try await running.value.count { if case .started = $0 { true } else { false } } == 3)
    }
  }

  @Test("claims and firings pass over what is locked, and do not wait", arguments: Form.all)
  func skipping(form: Form) async throws {
    guard case .skips = meeting(form) else { return }
    try await StoreFixture.with { store in
      try await store.makeThree(form)
      let operations = store.three(form)
      let results = try await store.database.withConnection { blocker in
        try blocker.executeScript(
          "BEGIN; SELECT FROM kagzi.open_runs FOR UPDATE; SELECT FROM kagzi.steps FOR UPDATE; SELECT FROM kagzi.schedules FOR UPDATE"
        )
        let other = try PostgresConnection(store.database.configuration, logger: TestCluster.logger)
        // A deadline of its own: if it waited, it would wait for ever.
        try other.executeScript("SET lock_timeout = '2s'")
        let results = try OperationExecutor().execute(operations, on: other)
        try blocker.executeScript("COMMIT")
        return results
      }
      for result in results {
        switch result {
        case .refused: break
        case .claimedRuns(let runs, let passedOver): #expect(runs.isEmpty && passedOver)
        case .claimedSteps(let steps, let passedOver): #expect(steps.isEmpty && passedOver)
        default: Issue.record("\(result)")
        }
      }
      let again = try await store.execute(operations)
      #expect(!again.contains { if case .refused = $0 { true } else { false } })
    }
  }

  /// Statements of a transaction of their own, beside the batches: they lock rows of one thing, or in an order of their own.
  private static let apart: Set<String> = [
    "set_rollout", "set_default_version", "deprecate_version", "create_namespace", "update_namespace",
    "open_session", "adopt_session", "renew_sessions", "end_session", "end_lapsed_sessions",
    "renew_coordinator", "forget_coordinator", "drain_worker", "note_draining", "forget_workers",
    "create_schedule", "change_schedule", "delete_schedule", "remove_closed_runs",
  ]

  @Test("every statement that writes is in these tests")
  func nothingIsForgotten() async throws {
    var issued: Set<String> = []
    for form in Form.all {
      let names = try await StoreFixture.with { store in
        let operations = store.three(form)
        return try await store.database.withConnection { connection in
          _ = try OperationExecutor().execute(operations, on: connection)
          return try connection.execute(PreparedStatements()).rows
        }
      }
      issued.formUnion(names)
    }
    let writing = try WritingStatements.names()
    #expect(writing.subtracting(issued).sorted() == Self.apart.sorted())
    #expect(writing.count > 40)
  }
}

// MARK: Three runs, and a batch that concerns them in an order that is not the key's

extension StoreFixture {
  func makeThree(_ form: LockOrderTests.Form) async throws {
    try await makeBusyRuns(1...3, form.kind == .reopenRun ? .closed : .held)
    for number in 1...3 as ClosedRange<UInt64> {
      if [.decideFiring, .startFiring].contains(form.kind) { try await createSchedule(number) }
      if form.kind == .resumeRun { try await execute(pause(number)) }
      if form.kind == .startFiring {
        // One that waits for the run of another.
        _ = try await decide(firing(number, revision: 1, run: number + 90, at: 0, policy: .bufferAll, room: 9))
        _ = try await decide(firing(number, revision: 2, run: number + 95, at: 1, policy: .bufferAll, room: 9))
        try await end(number + 90)
      }
    }
    try await database.withConnection { connection in
      switch (form.kind, form.special) {
      case (.wakeRun, _):
        try connection.executeScript("UPDATE kagzi.open_runs SET leased = false, resume_at = clock_timestamp()")
      case (.claimRuns, _):
        try connection.executeScript("UPDATE kagzi.open_runs SET leased = false, ready_at = clock_timestamp()")
      case (.readyStep, .dueMember):
        try connection.executeScript(
          "UPDATE kagzi.steps SET state = 4, ready_at = NULL, due_at = clock_timestamp() WHERE step_key = 'group/1'")
      case (.closeRun, .onlyWhenSettled):
        try connection.executeScript(
          """
          UPDATE kagzi.steps SET state = 7, settled_seq = 1, ready_at = NULL, due_at = NULL, session_id = NULL WHERE state < 5;
          UPDATE kagzi.groups SET verdict = 4, resolved_seq = 1 WHERE verdict IS NULL
          """)
      case (.forgetNotice, _):
        try connection.executeScript(
          """
          INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
          SELECT run_id, 2, run_id, 'kid', clock_timestamp() FROM kagzi.runs
          """)
      default: break
      }
    }
  }

  func three(_ form: LockOrderTests.Form) -> [Operation] { [3, 1, 2].map { operation(form, $0) } }

  private func operation(_ form: LockOrderTests.Form, _ number: UInt64) -> Operation {
    let runID = id(number)
    switch (form.kind, form.special) {
    case (.advanceRun, .suspending): return suspend(number, steps: [activity("next", leased: false)])
    case (.advanceRun, .cancellingGroup):
      var advance = AdvanceRun(runID: runID, epoch: 1, disposition: .continue)
      advance.groups.cancels = ["group"]
      return .advanceRun(advance)
    case (.settleStep, .ofMember): return settle(number, "group/0")
    case (.closeRun, .onlyWhenSettled): return close(number, onlyWhenSettled: true)
    case (.retryStep, .ofMember):
      return .retryStep(
        RetryStep(
          runID: runID, stepKey: "group/0", guard: .held(epoch: 1), attempt: 1, failure: [1], delayMilliseconds: 60_000)
      )
    case (.releaseStep, .ofMember): return .releaseStep(ReleaseStep(runID: runID, stepKey: "group/0", epoch: 1))
    case (.readyStep, .dueMember): return .readyStep(ReadyStep(runID: runID, stepKey: "group/1"))
    case (.forgetNotice, _): return .forgetNotice(ChildNotice(runID: runID, kind: .stranded))
    case (.startFiring, _):
      return .startFiring(
        StartFiring(scheduleUID: scheduleUID(number), revision: 3, number: 2, start: start(number + 97, leased: false)))
    default: return busyOperation(form.kind, number)
    }
  }

  /// Locks a row of run 2, begins the batch, and asks `probe` once it waits; then lets it go on.
  fileprivate func blocked(
    on table: String, where condition: String, _ operations: [Operation],
    _ probe: @escaping @Sendable (Prober) -> [Bool]
  ) async throws -> ([Bool], [Outcome]) {
    let (found, running) = try await database.withConnection { blocker in
      try blocker.executeScript(
        "BEGIN; SELECT FROM kagzi.\(table) WHERE run_id = '\(id(2))' AND \(condition) FOR UPDATE")
      let running = Task {
        try await NativeThread.run(name: "batch") {
          // Planned as a lane plans.
          let connection = try PostgresConnection(database.configuration.forBatches(), logger: TestCluster.logger)
          return try OperationExecutor().execute(operations, on: connection)
        }
      }
      let prober = try PostgresConnection(database.configuration, logger: TestCluster.logger)
      while try prober.execute(CountWaiting()).rows[0] == 0 {}
      let found = probe(Prober(connection: prober))
      try blocker.executeScript("COMMIT")
      return (found, running)
    }
    return (found, try await running.value)
  }
}

/// Finds out, without waiting, who has locked what.
private struct Prober {
  let connection: PostgresConnection

  /// Whether any such row of the run is locked.
  func isLocked(_ table: String, _ number: UInt64, _ condition: String = "true") -> Bool {
    do {
      try connection.executeScript(
        "SELECT FROM kagzi.\(table) WHERE run_id = '\(UUID(high: 1, low: number))' AND \(condition) FOR UPDATE NOWAIT")
      return false
    } catch {
      return true
    }
  }
}

private struct PreparedStatements: PostgresStatement {
  static let name = ""
  static let sql = "SELECT name FROM pg_prepared_statements"
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> String { try row.string(0) }
}
