internal import Engine
package import Postgres

/// Hands ready activity tasks of one key to reserved slots: highest priority first, then oldest. The last row says when tasks
/// were passed over that are locked at this moment.
///
/// The runs are joined after the update: joined into it, a plan without statistics looks steps up by their run alone.
package struct ClaimSteps: PostgresStatement {
  package let claim: ClaimTasks

  package static let name = "claim_steps"
  package static let sql = """
    WITH ready AS MATERIALIZED (
      SELECT run_id, step_key FROM kagzi.steps
       WHERE namespace = $1 AND task_queue = $2 AND activity_type = $3 AND activity_version = $4 AND ready_at IS NOT NULL
       ORDER BY priority DESC, ready_at
       LIMIT cardinality($5::uuid[])
         FOR UPDATE SKIP LOCKED
    ),
    placed AS (SELECT run_id, step_key, ($5::uuid[])[row_number() OVER ()] AS session_id FROM ready),
    taken AS (
      UPDATE kagzi.steps s SET
        state = 2, ready_at = NULL, due_at = NULL, session_id = p.session_id, lease_epoch = s.lease_epoch + 1,
        started_at = statement_timestamp(),
        deadline_at = least(statement_timestamp() + least(s.start_to_close_ms, s.heartbeat_ms) * interval '1 ms',
                            s.scheduled_at + s.schedule_to_close_ms * interval '1 ms')
      FROM placed p
      WHERE s.run_id = ANY (ARRAY[p.run_id]) AND s.step_key = p.step_key
      RETURNING s.*
    )
    SELECT \(HeldStepColumns.columns)
      FROM taken s
      JOIN kagzi.runs r ON r.run_id = ANY (ARRAY[s.run_id])
      LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[s.run_id])
    UNION ALL
    SELECT \(HeldStepColumns.nothing)
     WHERE (SELECT count(*) FROM ready) < (
             SELECT count(*) FROM (
               SELECT FROM kagzi.steps
                WHERE namespace = $1 AND task_queue = $2 AND activity_type = $3 AND activity_version = $4 AND ready_at IS NOT NULL
                LIMIT cardinality($5::uuid[])) AS visible)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(claim.key.namespace)
    parameters.bind(claim.key.queue)
    parameters.bind(claim.key.type)
    parameters.bind(claim.key.version)
    parameters.bindArray(claim.slots)
  }

  /// Nil: tasks were passed over.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedStep? {
    try row.optionalID(0) == nil ? nil : try HeldStepColumns.decode(row)
  }
}

/// The columns of a held activity task, from `steps s`, `runs r` and `open_runs o`.
internal enum HeldStepColumns {
  static let columns = """
    s.run_id, s.step_key, s.session_id, s.lease_epoch, s.attempt, s.activity_type, s.activity_version, s.input, s.progress,
              s.schedule_to_start_ms, s.start_to_close_ms, s.schedule_to_close_ms, s.heartbeat_ms,
              (extract(epoch FROM least(s.started_at + s.start_to_close_ms * interval '1 ms',
                 s.scheduled_at + s.schedule_to_close_ms * interval '1 ms') - statement_timestamp()) * 1000)::bigint,
              r.namespace, r.workflow_id, r.workflow_type, r.workflow_version, r.task_queue, r.priority, r.headers,
              CASE WHEN o.sticky THEN o.session_id END
    """

  /// As many columns without a value.
  static let nothing = Array(repeating: "NULL", count: 22).joined(separator: ", ")

  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedStep {
    let runID = try row.id(0)
    return ClaimedStep(
      runID: runID, stepKey: try row.string(1), sessionID: try row.id(2), epoch: try row.int32(3),
      attempt: try row.int32(4), activityType: try row.string(5), activityVersion: try row.int32(6),
      input: try row.optionalBytes(7), progress: try row.optionalBytes(8),
      timeouts: ActivityTimeouts(
        scheduleToStart: try row.optionalInt64(9), startToClose: try row.optionalInt64(10),
        scheduleToClose: try row.optionalInt64(11), heartbeat: try row.optionalInt64(12)),
      remainingMilliseconds: try row.optionalInt64(13),
      run: RunReference(
        runID: runID, namespace: try row.string(14), workflowID: try row.string(15), workflowType: try row.string(16),
        workflowVersion: try row.int32(17), taskQueue: try row.string(18), priority: try row.int16(19),
        headers: try row.optionalBytes(20), stickySession: try row.optionalID(21)))
  }
}
