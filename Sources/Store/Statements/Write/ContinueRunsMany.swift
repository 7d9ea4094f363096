package import Engine
package import Postgres

/// Closes runs as CONTINUED and opens the runs that go on in their place: the workflow id is never free in between.
/// Rows as for `CloseRunsMany`, and a row more a run with what its next one begins with.
package struct ContinueRunsMany: PostgresStatement {
  package let continuations: [ContinueRun]

  package enum Row: Sendable {
    case continued(
      RunID, createdAt: PostgresTimestamp, timeoutMilliseconds: Int64?, isCancelRequested: Bool, isPaused: Bool)
    case closing(CloseRunsMany.Row)
  }

  package static let name = "continue_runs_many"
  /// A local step whose last attempt is part of the report.
  private static let reported = """
    EXISTS (SELECT FROM unnest($8::uuid[], $9::text[]) AS n (run_id, step_key)
             WHERE n.run_id = ANY (ARRAY[s.run_id]) AND n.step_key = s.step_key)
    """
  /// A request to cancel the run that has not been answered goes on to the next one, and so does a pause, and what its parent
  /// knows of it.
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::uuid[], $5::integer[], $6::bytea[], $7::uuid[])
          AS i (run_id, epoch, changes, next_run_id, next_version, next_input, reserved)
       ORDER BY run_id
    ),
    \(CancelOpenGroups.lock),
    \(CancelOpenSteps.lock(after: CancelOpenGroups.areLocked)),
    held AS (
      DELETE FROM kagzi.open_runs r USING input i
       WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.leased AND r.lease_epoch = i.epoch AND \(CancelOpenSteps.areLocked)
      RETURNING r.run_id, r.seq + i.changes AS seq, i.changes, r.session_id, r.started_at, i.epoch, i.next_run_id,
                coalesce(i.next_version, r.workflow_version) AS next_version, i.next_input, r.namespace,
                r.workflow_id, r.workflow_type, r.task_queue, r.priority, r.parent_run_id, r.cancel_requested,
                r.cancel_reason, r.cancel_deadline_at, r.signals_received, r.signals_untaken, false AS is_paused, r.step_epoch,
                r.attempt_seq, r.status = 5 AS stays_paused, CASE WHEN r.status = 5 THEN r.status_reason END AS pause_reason,
                CASE WHEN r.status <> 5 THEN i.reserved END AS holder
    ),
    closed AS (
      UPDATE kagzi.runs r SET
        status = 11, closed_at = statement_timestamp(), started_at = h.started_at, seq = h.seq + 1, closing_epoch = h.epoch,
        related_run_id = h.next_run_id
      FROM held h WHERE r.run_id = ANY (ARRAY[h.run_id])
      RETURNING \(ClosedRows.closedColumns), r.tags, r.headers, r.policy, r.timeout_ms, r.parent_close_policy
    ),
    continuing AS MATERIALIZED (
      SELECT h.*, c.tags, c.headers, c.policy, c.timeout_ms, c.parent_step, c.parent_close_policy, c.first_run_id,
             statement_timestamp() + c.timeout_ms * interval '1 ms' AS timeout_at
        FROM held h FULL JOIN closed c ON c.run_id = h.run_id
       WHERE num_nulls(h.run_id, c.run_id) = 0
    ),
    opened AS (
      INSERT INTO kagzi.open_runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, status_reason, seq,
        parent_run_id, leased, session_id, lease_epoch, lease_seq, leased_at, started_at, ready_at, timeout_at, due_at,
        cancel_requested, cancel_reason, cancel_deadline_at, signals_received, signals_untaken, parent_step)
      SELECT n.next_run_id, n.namespace, n.workflow_id, n.workflow_type, n.next_version, n.task_queue, n.priority,
             CASE WHEN n.stays_paused THEN 5 WHEN n.holder IS NULL THEN 1 ELSE 2 END, n.pause_reason, 1, n.parent_run_id,
             n.holder IS NOT NULL, n.holder, CASE WHEN n.holder IS NULL THEN 0 ELSE 1 END,
             CASE WHEN n.holder IS NULL THEN 0 ELSE 1 END,
             CASE WHEN n.holder IS NOT NULL THEN statement_timestamp() END, CASE WHEN n.holder IS NOT NULL THEN statement_timestamp() END,
             CASE WHEN n.holder IS NULL AND NOT n.stays_paused THEN statement_timestamp() END, n.timeout_at, least(n.timeout_at, n.cancel_deadline_at),
             n.cancel_requested, n.cancel_reason, n.cancel_deadline_at, n.signals_received, n.signals_untaken,
             n.parent_step
        FROM continuing n
       ORDER BY n.namespace, n.workflow_id
    ),
    created AS (
      INSERT INTO kagzi.runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, tags, headers, input, policy,
        timeout_ms, parent_run_id, parent_step, parent_close_policy, first_run_id, related_run_id, created_at)
      SELECT n.next_run_id, n.namespace, n.workflow_id, n.workflow_type, n.next_version, n.task_queue, n.priority, n.tags,
             n.headers, n.next_input, n.policy, n.timeout_ms, n.parent_run_id, n.parent_step, n.parent_close_policy,
             n.first_run_id, n.run_id, statement_timestamp()
        FROM continuing n
    ),
    \(NewStepArrays.insert(from: 8)),
    \(FailedAttemptArrays.insert(from: 8 + NewStepArrays.parameterCount)),
    \(CancelOpenSteps.cancel(unless: reported)),
    \(CancelOpenGroups.cancel),
    \(ClosedRows.stranded(sparingAbandoned: true))
    SELECT s.*, NULL::timestamptz, NULL::bigint, NULL::boolean, NULL::boolean FROM (\(ClosedRows.select)) AS s
    UNION ALL
    SELECT n.run_id, NULL, NULL, NULL, NULL, \(ClosedRows.noClosing), statement_timestamp(), n.timeout_ms, n.cancel_requested,
           n.stays_paused
      FROM continuing n
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(continuations) { $0.close.runID }
    parameters.bindArray(continuations) { $0.close.epoch }
    parameters.bindArray(continuations) { Int32($0.close.steps.count + $0.close.failedAttempts.count) }
    parameters.bindArray(continuations) { $0.nextRunID }
    parameters.bindOptionalArray(continuations) { $0.workflowVersion }
    parameters.bindOptionalArray(continuations) { $0.input }
    parameters.bindOptionalArray(continuations) { $0.reservedSession }
    NewStepArrays.bind(continuations.flatMap { $0.close.steps.positioned(in: $0.close.runID) }, &parameters)
    FailedAttemptArrays.bind(
      continuations.flatMap { next in
        next.close.failedAttempts.map { .init(runID: next.close.runID, attempt: $0) }
      }, &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let createdAt = try row.optionalTimestamp(21) else { return .closing(try ClosedRows.decode(row)) }
    return .continued(
      try row.id(0), createdAt: createdAt, timeoutMilliseconds: try row.optionalInt64(22),
      isCancelRequested: try row.bool(23), isPaused: try row.bool(24))
  }
}
