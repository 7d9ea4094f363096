package import Engine
package import Postgres

/// Steps whose time has come by the database's clock, oldest first.
package struct DueSteps: PostgresStatement {
  package let limit: Int

  package init(limit: Int) { self.limit = limit }

  package struct Row: Sendable {
    package var runID: RunID
    package var stepKey: String
    package var kind: StepKind
    package var state: StepState
    package var attempt: Int32
    package var workflowID: String?
    package var run: RunReference?
  }

  package static let name = "due_steps"
  package static let sql = """
    SELECT s.run_id, s.step_key, s.kind, s.state, s.attempt, o.namespace, o.workflow_id, o.workflow_type,
           o.workflow_version, o.task_queue, o.priority, CASE WHEN o.sticky THEN o.session_id END
      FROM kagzi.steps s LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[s.run_id])
     WHERE s.due_at <= clock_timestamp()
     ORDER BY s.due_at
     LIMIT $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(limit) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runID = try row.id(0)
    guard let kind = StepKind(rawValue: try row.int16(2)) else { throw .malformed(column: 2) }
    guard let state = StepState(rawValue: try row.int16(3)) else { throw .malformed(column: 3) }
    var run: RunReference?
    if let namespace = try row.optionalString(5) {
      run = RunReference(
        runID: runID, namespace: namespace, workflowID: try row.string(6), workflowType: try row.string(7),
        workflowVersion: try row.int32(8), taskQueue: try row.string(9), priority: try row.int16(10), headers: nil,
        stickySession: try row.optionalID(11))
    }
    return Row(
      runID: runID, stepKey: try row.string(1), kind: kind, state: state, attempt: try row.int32(4), run: run)
  }
}

/// Runs whose own time has come: a delayed start, a timeout, the end of a cancellation's grace.
package struct DueRuns: PostgresStatement {
  package let limit: Int

  package init(limit: Int) { self.limit = limit }

  package struct Row: Sendable {
    package var runID: RunID
    package var key: TaskKey
    package var resumes: Bool
    package var timesOut: Bool
    package var endsCancelled: Bool
    package var isLeased: Bool
  }

  /// A cancelled run `o` whose grace is over and that a worker is still at work on: nothing else is due of it.
  internal static let isLeftAlone = """
    o.leased AND coalesce(o.cancel_deadline_at <= statement_timestamp(), false) AND coalesce(o.timeout_at > statement_timestamp(), true)
               AND coalesce(o.resume_at > statement_timestamp(), true)
    """

  package static let name = "due_runs"
  package static let sql = """
    SELECT o.run_id, o.namespace, o.task_queue, o.workflow_type, o.workflow_version,
           coalesce(o.resume_at <= statement_timestamp(), false), coalesce(o.timeout_at <= statement_timestamp(), false),
           coalesce(o.cancel_deadline_at <= statement_timestamp(), false), o.leased
      FROM kagzi.open_runs o
     WHERE o.due_at <= statement_timestamp() AND NOT (\(isLeftAlone))
     ORDER BY o.due_at
     LIMIT $1
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bind(limit) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      runID: try row.id(0),
      key: TaskKey(
        kind: .workflow, namespace: try row.string(1), queue: try row.string(2), type: try row.string(3),
        version: try row.int32(4)),
      resumes: try row.bool(5), timesOut: try row.bool(6), endsCancelled: try row.bool(7), isLeased: try row.bool(8))
  }
}

/// How long until the next step, run or group is due, in milliseconds; a negative number is late. No row: nothing is due ever.
package struct NextDue: PostgresStatement {
  package init() {}

  package static let name = "next_due"
  /// What became due since it was looked for counts, too: it is late, not gone.
  package static let sql = """
    SELECT floor(extract(epoch FROM least(
             (SELECT min(due_at) FROM kagzi.steps WHERE due_at IS NOT NULL),
             (SELECT min(deadline_at) FROM kagzi.groups WHERE deadline_at IS NOT NULL AND verdict IS NULL),
             (SELECT min(o.due_at) FROM kagzi.open_runs o WHERE o.due_at IS NOT NULL AND NOT (\(DueRuns.isLeftAlone))))
             - clock_timestamp()) * 1000)::bigint
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64? {
    try row.optionalInt64(0)
  }
}

/// Activity attempts that are past their deadline though a session holds them: the slow safety net under the timers in memory.
package struct OverdueSteps: PostgresStatement {
  package init() {}

  package static let name = "overdue_steps"
  package static let sql = """
    SELECT \(HeldStepColumns.columns)
      FROM kagzi.steps s
      JOIN kagzi.runs r ON r.run_id = ANY (ARRAY[s.run_id])
      LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[s.run_id])
     WHERE s.session_id IS NOT NULL AND s.deadline_at < statement_timestamp()
     LIMIT 1000
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedStep {
    try HeldStepColumns.decode(row)
  }
}
