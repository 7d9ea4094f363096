internal import Engine
internal import Postgres

/// What the closing statements have in common: from `closed` (a run each) and `abandoned` (the steps that were open), what
/// the run's parent and its children are owed, and the rows that tell the coordinator.
internal enum ClosedRows {
  /// What `closed` returns of `runs r`.
  static let closedColumns = """
    r.run_id, r.status, r.status_reason, r.closed_at, r.started_at, r.seq, r.workflow_version, r.attempt,
                r.parent_run_id, r.parent_step, coalesce(r.first_run_id, r.run_id) AS first_run_id, r.workflow_id
    """

  /// Common table expressions that note what is owed, by one insert: to the open parent of a child its end, to children
  /// their stop unless they are to go on.
  static let notices = """
    noted AS (
      INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
      SELECT n.*, statement_timestamp() FROM (
        SELECT c.run_id, 1::smallint AS kind, c.parent_run_id, c.parent_step
          FROM closed c JOIN kagzi.open_runs p ON p.run_id = ANY (ARRAY[c.parent_run_id])
         WHERE c.parent_step IS NOT NULL
        UNION ALL
        SELECT a.child_run_id, 2::smallint, a.run_id, a.step_key
          FROM abandoned a JOIN kagzi.runs c ON c.run_id = ANY (ARRAY[a.child_run_id])
         WHERE a.child_run_id IS NOT NULL AND c.parent_close_policy <> 3
         ORDER BY 1, 2) AS n
      ON CONFLICT DO NOTHING
      RETURNING run_id, kind, parent_run_id, parent_step
    ),
    stranded AS (SELECT run_id, parent_run_id, parent_step FROM noted WHERE kind = 2)
    """

  /// A common table expression that notes what is owed to the open parents of children, where nothing was open.
  static let endNotices = """
    noted AS (
      INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
      SELECT c.run_id, 1, c.parent_run_id, c.parent_step, statement_timestamp()
        FROM closed c JOIN kagzi.open_runs p ON p.run_id = ANY (ARRAY[c.parent_run_id])
       WHERE c.parent_step IS NOT NULL
       ORDER BY c.run_id
      ON CONFLICT DO NOTHING
    )
    """

  /// A common table expression that notes which children of `abandoned` steps are to be stopped.
  /// - Parameter sparingAbandoned: whether those go on that are to survive their parent's close; the parent's code may
  ///   still give up on one by itself.
  static func stranded(sparingAbandoned: Bool) -> String {
    """
    stranded AS (
      INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, created_at)
      SELECT a.child_run_id, 2, a.run_id, a.step_key, statement_timestamp()
        FROM abandoned a JOIN kagzi.runs c ON c.run_id = ANY (ARRAY[a.child_run_id])
       WHERE a.child_run_id IS NOT NULL AND c.parent_close_policy \(sparingAbandoned ? "<> 3" : "IS NOT NULL")
       ORDER BY a.child_run_id
      ON CONFLICT DO NOTHING
      RETURNING run_id, parent_run_id, parent_step
    )
    """
  }

  /// The columns of a row that is no closed run's, from the sixth on.
  static let noClosing = """
    NULL::timestamptz, NULL::timestamptz, NULL::bigint, NULL::integer, NULL::integer,
           NULL::text, NULL::uuid, NULL::uuid, NULL::text, NULL::text, NULL::text, NULL::integer, NULL::text, NULL::smallint,
           NULL::uuid, NULL::text
    """

  /// A row a closed run.
  static let selectClosed = """
    SELECT c.run_id, c.status, c.status_reason, NULL::uuid, NULL::integer, c.closed_at, c.started_at, c.seq,
           c.workflow_version, c.attempt, c.parent_step, c.first_run_id, p.run_id, p.namespace, p.workflow_id,
           p.workflow_type, p.workflow_version, p.task_queue, p.priority, CASE WHEN p.sticky THEN p.session_id END,
           c.workflow_id
      FROM closed c LEFT JOIN kagzi.open_runs p ON p.run_id = ANY (ARRAY[c.parent_run_id])
    """

  /// A row a closed run, a row a step that a session held, a row a child that is to be stopped; then those of the
  /// statement's own.
  static let select = """
    \(selectClosed)
    UNION ALL
    SELECT run_id, NULL, step_key, session_id, lease_epoch, \(noClosing) FROM abandoned WHERE session_id IS NOT NULL
    UNION ALL
    SELECT parent_run_id, NULL, parent_step, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, run_id, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL
      FROM stranded
    """

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> CloseRunsMany.Row {
    let runID = try row.id(0)
    if let status = try row.optionalInt16(1) {
      guard let status = RunStatus(rawValue: status) else { throw .malformed(column: 1) }
      let closing = Closing(
        status: status, reason: try row.optionalString(2), closedAt: try row.timestamp(5),
        startedAt: try row.optionalTimestamp(6), sequence: try row.int64(7), workflowVersion: try row.int32(8),
        attempt: try row.int32(9))
      return .closed(runID, closing, try endedChild(runID, status, row))
    }
    let stepKey = try row.string(2)
    if let child = try row.optionalID(11) {
      return .stranded(StrandedChild(childRunID: child, parentRunID: runID, parentStep: stepKey))
    }
    return .cancelled(
      HeldStep(runID: runID, stepKey: stepKey, sessionID: try row.id(3), epoch: try row.int32(4)))
  }

  /// Nil for a run that is no child, whose parent is closed, or that goes on as another run.
  private static func endedChild(
    _ runID: RunID, _ status: RunStatus, _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> EndedChild? {
    guard status != .continued, let step = try row.optionalString(10), let parentID = try row.optionalID(12) else {
      return nil
    }
    let parent = RunReference(
      runID: parentID, namespace: try row.string(13), workflowID: try row.string(14), workflowType: try row.string(15),
      workflowVersion: try row.int32(16), taskQueue: try row.string(17), priority: try row.int16(18), headers: nil,
      stickySession: try row.optionalID(19))
    return EndedChild(
      runID: runID, workflowID: try row.string(20), status: status, firstRunID: try row.id(11), parent: parent,
      parentStep: step)
  }
}
