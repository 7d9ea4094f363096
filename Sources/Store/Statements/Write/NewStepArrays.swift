internal import Engine
internal import Postgres

/// The part of a report's statement that writes its steps: 27 parallel arrays from one parameter on, and the insert
/// that joins them with `held (run_id, seq, changes, session_id, is_paused, step_epoch)`, the runs whose guard held.
internal enum NewStepArrays {
  /// A step with the run and the place in its report.
  internal struct Entry {
    var runID: UUID
    var position: Int32
    var step: NewStep
  }

  internal static let parameterCount = 27

  internal static func bind(_ entries: [Entry], _ parameters: inout PostgresParameters) {
    parameters.bindArray(entries) { $0.runID }
    parameters.bindArray(entries) { $0.step.key }
    parameters.bindArray(entries) { $0.step.kind.rawValue }
    parameters.bindArray(entries) { $0.step.state.rawValue }
    parameters.bindArray(entries) { $0.step.reportedAttempt }
    parameters.bindArray(entries) { $0.step.attempt }
    parameters.bindArray(entries) { $0.position }
    parameters.bindOptionalArray(entries) { $0.step.groupKey }
    parameters.bindOptionalArray(entries) { $0.step.output }
    parameters.bindOptionalArray(entries) { $0.step.failure }
    parameters.bindOptionalArray(entries) { $0.step.policy }
    parameters.bindOptionalArray(entries) { $0.step.delayMilliseconds }
    parameters.bindOptionalArray(entries) { $0.step.dueAtMicroseconds.map(PostgresTimestamp.init(microseconds:)) }
    parameters.bindOptionalArray(entries) { $0.step.durationMilliseconds }
    parameters.bindOptionalArray(entries) { $0.step.activity?.type }
    parameters.bindOptionalArray(entries) { $0.step.activity?.version }
    parameters.bindOptionalArray(entries) { $0.step.activity?.namespace }
    parameters.bindOptionalArray(entries) { $0.step.activity?.taskQueue }
    parameters.bindOptionalArray(entries) { $0.step.activity?.priority }
    parameters.bindOptionalArray(entries) { $0.step.activity?.input }
    parameters.bindOptionalArray(entries) { $0.step.activity?.timeouts.scheduleToStart }
    parameters.bindOptionalArray(entries) { $0.step.activity?.timeouts.startToClose }
    parameters.bindOptionalArray(entries) { $0.step.activity?.timeouts.scheduleToClose }
    parameters.bindOptionalArray(entries) { $0.step.activity?.timeouts.heartbeat }
    parameters.bindOptionalArray(entries) { $0.step.activity?.reservedSession }
    parameters.bindOptionalArray(entries) { $0.step.signalName }
    parameters.bindOptionalArray(entries) { $0.step.childRunID }
  }

  /// Where a step `s` begins: a member of a resolved group is cancelled at once, unless this very report settles it; an
  /// activity of a group with a limit is held back, until `ReleaseMembersMany` lets it go.
  private static let stateInGroup = """
    CASE WHEN g.verdict IS NOT NULL AND s.state < 5 THEN 7
         WHEN (g.max_concurrency > 0 OR h.is_paused) AND s.kind = 2 AND s.state < 3 THEN 3 ELSE s.state END
    """

  /// A local member of a group that was resolved before this report is not recorded any more. (`JoinReportsMany` gave
  /// those that it resolved the number just before this report's own.)
  private static let isLate = "g.verdict IS NOT NULL AND s.kind = 1 AND g.resolved_seq < h.seq - h.changes"

  /// An activity of a paused run waits until the run is resumed, unless its group holds it back anyway.
  private static let isHeldBack =
    "h.is_paused AND s.kind = 2 AND s.state < 3 AND g.verdict IS NULL AND coalesce(g.max_concurrency, 0) = 0"

  /// A common table expression `recorded` that inserts the steps; a recorded key stays as it is, but for a local step
  /// whose next attempt is reported.
  /// - Parameter inGroups: whether steps may be members; without that groups are not looked at.
  internal static func insert(from base: Int, inGroups: Bool = true) -> String {
    let types = [
      "uuid", "text", "smallint", "smallint", "integer", "integer", "integer", "text", "bytea", "bytea", "bytea",
      "bigint",
      "timestamptz", "bigint", "text", "integer", "text", "text", "smallint", "bytea", "bigint", "bigint", "bigint",
      "bigint", "uuid", "text", "uuid",
    ]
    let groups =
      inGroups
      ? "LEFT JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[s.run_id]) AND g.group_key = s.group_key"
      : "CROSS JOIN (SELECT NULL::smallint AS verdict, NULL::integer AS max_concurrency, NULL::bigint AS resolved_seq) g"
    let arrays = types.enumerated().map { "$\(base + $0.offset)::\($0.element)[]" }.joined(separator: ", ")
    return """
      recorded AS (
        INSERT INTO kagzi.steps AS recorded_step (
          run_id, step_key, kind, state, attempt, scheduled_seq, settled_seq, group_key, output, failure, policy,
          activity_type, activity_version, namespace, task_queue, priority, input,
          schedule_to_start_ms, start_to_close_ms, schedule_to_close_ms, heartbeat_ms,
          scheduled_at, started_at, settled_at, settled_by, session_id, lease_epoch, ready_at, due_at, deadline_at,
          signal_name, child_run_id, is_held_back)
        SELECT s.run_id, s.step_key, s.kind, e.state, s.attempt, h.seq - h.changes + s.position,
               CASE WHEN e.state >= 5 THEN h.seq - h.changes + s.position END,
               s.group_key, s.output, s.failure, s.policy,
               s.activity_type, s.activity_version, s.namespace, s.task_queue, s.priority, s.input,
               s.schedule_to_start_ms, s.start_to_close_ms, s.schedule_to_close_ms, s.heartbeat_ms,
               statement_timestamp(),
               CASE WHEN s.kind = 1 THEN statement_timestamp() - coalesce(s.duration_ms, 0) * interval '1 ms' WHEN e.state = 2 THEN statement_timestamp() END,
               CASE WHEN e.state >= 5 THEN statement_timestamp() END, CASE WHEN e.state >= 5 THEN h.session_id END,
               CASE WHEN e.state = 2 THEN s.reserved END, h.step_epoch + CASE WHEN e.state = 2 THEN 1 ELSE 0 END,
               CASE WHEN e.state = 1 THEN statement_timestamp() END,
               CASE e.state
                 WHEN 1 THEN statement_timestamp() + least(s.schedule_to_start_ms, s.schedule_to_close_ms) * interval '1 ms'
                 WHEN 3 THEN coalesce(s.due_at, statement_timestamp() + coalesce(s.delay_ms, s.schedule_to_close_ms) * interval '1 ms')
                 WHEN 4 THEN statement_timestamp() + s.delay_ms * interval '1 ms' END,
               CASE WHEN e.state = 2 THEN
                 statement_timestamp() + least(s.start_to_close_ms, s.schedule_to_close_ms, s.heartbeat_ms) * interval '1 ms' END,
               s.signal_name, s.child_run_id, CASE WHEN \(isHeldBack) THEN true END
          FROM unnest(\(arrays))
               AS s (run_id, step_key, kind, state, reported_attempt, attempt, position, group_key, output, failure,
                     policy, delay_ms, due_at, duration_ms, activity_type, activity_version, namespace, task_queue,
                     priority, input, schedule_to_start_ms, start_to_close_ms, schedule_to_close_ms, heartbeat_ms, reserved,
                     signal_name, child_run_id)
          FULL JOIN held h ON h.run_id = s.run_id
          \(groups)
         CROSS JOIN LATERAL (SELECT (\(stateInGroup))::smallint AS state) e
         WHERE num_nulls(s.run_id, h.run_id) = 0 AND NOT (\(isLate))
        ON CONFLICT (run_id, step_key) DO UPDATE SET
          state = excluded.state, attempt = excluded.attempt, settled_seq = excluded.settled_seq,
          output = excluded.output, failure = excluded.failure, started_at = excluded.started_at,
          settled_at = excluded.settled_at, settled_by = excluded.settled_by, due_at = excluded.due_at
          WHERE recorded_step.kind = 1 AND excluded.kind = 1 AND recorded_step.state = 4
            AND recorded_step.attempt = CASE WHEN excluded.state = 4 THEN excluded.attempt - 1 ELSE excluded.attempt END
      )
      """
  }
}
