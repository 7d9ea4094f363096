package import Engine
package import Postgres

/// Settles steps that may be members of groups, counts them, resolves the groups they decide and those whose deadline has
/// passed, and wakes the runs. Runs under `LockGroupsMany`. Rows: one a settled step or expired group, by its place in
/// the input (expiries after settles); one a cancelled step that a session held; one a child that is to be stopped; one a run
/// whose groups were resolved while a session held its workflow task.
///
/// A member that decides nothing wakes its run only if its group does not know how many members it has; its sequence is
/// counted all the same, so that later tasks carry it.
///
/// What is set of a run that wakes rests on the row that was locked alone, as in `MatchSignalsMany`.
package struct SettleMembersMany: PostgresStatement {
  package let settles: [SettleStep]
  package let expiries: [ExpireGroup]

  package enum Row: Sendable {
    case settled(position: Int, Wake)
    case cancelled(HeldStep)
    case stranded(StrandedChild)
    /// The workflow task whose holder does not know what was resolved.
    case held(TaskToken)
  }

  package static let name = "settle_members_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::smallint[], $6::bytea[], $7::bytea[], $8::uuid[], $12::uuid[])
        WITH ORDINALITY AS i (run_id, step_key, from_state, epoch, state, output, failure, reserved, child_run_id, position)
    ),
    held AS MATERIALIZED (
      SELECT i.run_id, i.step_key, i.from_state, i.state, i.output, i.failure, i.reserved, i.position, s.group_key, s.kind,
             s.kind = 2 AND (s.state <> 3 OR s.is_held_back IS TRUE) AS is_active
        FROM input i JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
       WHERE s.state = i.from_state
         AND CASE WHEN i.child_run_id IS NOT NULL THEN s.child_run_id = i.child_run_id
               WHEN i.epoch IS NULL THEN s.due_at <= statement_timestamp() ELSE s.lease_epoch = i.epoch END
       ORDER BY i.run_id, i.step_key FOR NO KEY UPDATE OF s
    ),
    expiring AS MATERIALIZED (
      SELECT run_id, group_key, reserved, position + cardinality($1::uuid[]) AS position
        FROM unnest($9::uuid[], $10::text[], $11::uuid[]) WITH ORDINALITY AS e (run_id, group_key, reserved, position)
    ),
    tally AS MATERIALIZED (
      SELECT run_id, group_key, count(*) FILTER (WHERE state = 5) AS succeeded, count(*) FILTER (WHERE state > 5) AS failed,
             count(*) FILTER (WHERE is_active) AS freed,
             (array_agg(step_key ORDER BY position) FILTER (WHERE state = 5))[1] AS first_success,
             (array_agg(step_key ORDER BY position) FILTER (WHERE state > 5))[1] AS first_failure
        FROM held WHERE group_key IS NOT NULL GROUP BY run_id, group_key
    ),
    standing AS MATERIALIZED (
      SELECT g.run_id, g.group_key, g.strategy, g.member_count, g.quorum, g.succeeded, g.failed, g.deadline_at
        FROM (SELECT run_id, group_key FROM tally UNION SELECT run_id, group_key FROM expiring) t
        JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id]) AND g.group_key = t.group_key
       WHERE g.verdict IS NULL
       ORDER BY t.run_id, t.group_key FOR NO KEY UPDATE OF g
    ),
    counted AS (
      SELECT s.run_id, s.group_key, s.strategy, s.member_count, s.quorum, s.succeeded + coalesce(t.succeeded, 0) AS succeeded,
             s.failed + coalesce(t.failed, 0) AS failed, s.deadline_at, coalesce(t.freed, 0) AS freed, t.first_success, t.first_failure
        FROM standing s FULL JOIN tally t ON t.run_id = s.run_id AND t.group_key = s.group_key
       WHERE num_nulls(s.run_id) = 0
    ),
    decided AS MATERIALIZED (
      SELECT c.*, coalesce(\(GroupVerdictExpression.ofRow), CASE WHEN deadline_at <= statement_timestamp() THEN 3 END)::smallint AS verdict
        FROM counted c
    ),
    abandoned AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.session_id, s.lease_epoch, s.child_run_id
        FROM decided d JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[d.run_id]) AND s.group_key = d.group_key AND s.state < 5
       WHERE d.verdict IS NOT NULL AND (s.run_id, s.step_key) NOT IN (SELECT run_id, step_key FROM held)
       ORDER BY d.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    events AS (
      SELECT h.run_id, 1 AS settled, 0 AS cancelled, 0 AS resolved, h.reserved, h.position,
             d.run_id IS NULL OR d.member_count = 0 OR d.verdict IS NOT NULL AS calls
        FROM held h FULL JOIN decided d ON d.run_id = h.run_id AND d.group_key = h.group_key
       WHERE num_nulls(h.run_id) = 0
       UNION ALL
      SELECT run_id, 0, 1, 0, NULL, NULL, true FROM abandoned
       UNION ALL
      SELECT run_id, 0, 0, 1, NULL, NULL, true FROM decided WHERE verdict IS NOT NULL
       UNION ALL
      SELECT e.run_id, 0, 0, 0, e.reserved, e.position, true
        FROM expiring e FULL JOIN decided d ON d.run_id = e.run_id AND d.group_key = e.group_key
       WHERE num_nulls(e.run_id, d.run_id, d.verdict) = 0
    ),
    summed AS (
      SELECT run_id, sum(settled) AS settled, sum(cancelled) AS cancelled, sum(resolved) AS resolved, bool_or(calls) AS calls,
             (array_agg(reserved ORDER BY position) FILTER (WHERE reserved IS NOT NULL))[1] AS reserved,
             min(position) FILTER (WHERE reserved IS NOT NULL) AS winner
        FROM events GROUP BY run_id
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.seq, c.settled, c.cancelled, c.resolved, c.calls, c.reserved, c.winner, r.quiet_seq <= r.delivered_seq AS is_told,
             c.calls AND NOT r.leased AND r.status <> 5 AND r.ready_at IS NULL AND r.resume_at IS NULL AS wakes
        FROM summed c JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[c.run_id])
       ORDER BY c.run_id FOR NO KEY UPDATE OF r
    ),
    woken AS (
      UPDATE kagzi.open_runs r SET
        seq = w.seq + w.settled + w.cancelled + w.resolved,
        quiet_seq = CASE WHEN w.calls THEN r.quiet_seq ELSE w.seq + w.settled END,
        news = CASE WHEN w.calls THEN NOT w.wakes ELSE r.news END,
        status = CASE WHEN w.wakes THEN 2 ELSE r.status END,
        leased = CASE WHEN w.wakes THEN w.reserved IS NOT NULL ELSE r.leased END,
        ready_at = CASE WHEN NOT w.wakes THEN r.ready_at WHEN w.reserved IS NULL THEN statement_timestamp() END,
        lease_epoch = r.lease_epoch + CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN 1 ELSE 0 END,
        lease_seq = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN w.seq + w.settled + w.cancelled + w.resolved ELSE r.lease_seq END,
        leased_at = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN statement_timestamp() ELSE r.leased_at END,
        session_id = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN w.reserved ELSE r.session_id END,
        sticky = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN r.sticky AND r.session_id = w.reserved ELSE r.sticky END
      FROM run w
      WHERE r.run_id = ANY (ARRAY[w.run_id])
      RETURNING r.run_id, r.lease_epoch, r.sticky, w.wakes, w.reserved, w.winner,
                w.settled = 1 AND w.resolved = 0 AND w.is_told AS is_alone,
                r.session_id, r.leased AND NOT w.wakes AND w.resolved > 0 AS is_untold
    ),
    placed AS MATERIALIZED (
      SELECT h.*, coalesce(r.seq, 0) + row_number() OVER (PARTITION BY h.run_id ORDER BY h.step_key) AS settled_seq
        FROM held h FULL JOIN run r ON r.run_id = h.run_id
       WHERE num_nulls(h.run_id) = 0
    ),
    settled AS (
      UPDATE kagzi.steps s SET
        state = h.state, output = h.output, failure = h.failure, settled_at = statement_timestamp(),
        settled_seq = h.settled_seq, settled_by = s.session_id, session_id = NULL, ready_at = NULL, due_at = NULL, deadline_at = NULL
      FROM placed h
      WHERE s.run_id = ANY (ARRAY[h.run_id]) AND s.step_key = h.step_key
    ),
    ended AS MATERIALIZED (
      SELECT a.run_id, a.step_key, coalesce(r.seq + r.settled, 0) + row_number() OVER (PARTITION BY a.run_id ORDER BY a.step_key) AS settled_seq
        FROM abandoned a FULL JOIN run r ON r.run_id = a.run_id
       WHERE num_nulls(a.run_id) = 0
    ),
    cancelled AS (
      UPDATE kagzi.steps s SET
        state = 7, settled_at = statement_timestamp(), settled_seq = e.settled_seq, settled_by = s.session_id, session_id = NULL,
        ready_at = NULL, due_at = NULL, deadline_at = NULL
      FROM ended e
      WHERE s.run_id = ANY (ARRAY[e.run_id]) AND s.step_key = e.step_key
    ),
    \(ClosedRows.stranded(sparingAbandoned: false)),
    joined AS MATERIALIZED (
      SELECT d.*, coalesce(r.seq + r.settled + r.cancelled + r.resolved, 0) AS seq
        FROM decided d FULL JOIN run r ON r.run_id = d.run_id
       WHERE num_nulls(d.run_id) = 0
    ),
    recorded AS (
      UPDATE kagzi.groups g SET
        succeeded = j.succeeded, failed = j.failed, active = g.active - j.freed, verdict = j.verdict,
        resolved_at = CASE WHEN j.verdict IS NOT NULL THEN statement_timestamp() END,
        resolved_seq = CASE WHEN j.verdict IS NOT NULL THEN j.seq END,
        winner = CASE WHEN j.strategy = 3 AND j.verdict = 1 THEN j.first_success END,
        failed_step = CASE WHEN j.strategy = 1 AND j.verdict = 2 THEN j.first_failure END
      FROM joined j
      WHERE g.run_id = ANY (ARRAY[j.run_id]) AND g.group_key = j.group_key
    )
    SELECT e.position,
           CASE WHEN w.run_id IS NULL OR NOT w.wakes THEN 0 WHEN w.reserved IS NULL THEN 1
                WHEN e.position = w.winner THEN 2 ELSE 0 END,
           w.lease_epoch, coalesce(w.sticky, false), w.is_alone, NULL::uuid, NULL::text, NULL::uuid, NULL::uuid
      FROM events e FULL JOIN woken w ON w.run_id = e.run_id
     WHERE num_nulls(e.position) = 0
     UNION ALL
    SELECT NULL, NULL, lease_epoch, NULL, NULL, run_id, step_key, session_id, NULL FROM abandoned WHERE session_id IS NOT NULL
     UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, parent_run_id, parent_step, NULL, run_id FROM stranded
     UNION ALL
    SELECT NULL, 3, lease_epoch, NULL, NULL, run_id, NULL, session_id, NULL FROM woken WHERE is_untold
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(settles) { $0.runID }
    parameters.bindArray(settles) { $0.stepKey }
    parameters.bindArray(settles) { $0.guard.state.rawValue }
    parameters.bindOptionalArray(settles) { $0.guard.epoch }
    parameters.bindArray(settles) { $0.state.rawValue }
    parameters.bindOptionalArray(settles) { $0.output }
    parameters.bindOptionalArray(settles) { $0.failure }
    parameters.bindOptionalArray(settles) { $0.reservedSession }
    parameters.bindArray(expiries) { $0.runID }
    parameters.bindArray(expiries) { $0.groupKey }
    parameters.bindOptionalArray(expiries) { $0.reservedSession }
    parameters.bindOptionalArray(settles) { $0.guard.child }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    if let child = try row.optionalID(8) {
      return .stranded(
        StrandedChild(childRunID: child, parentRunID: try row.id(5), parentStep: try row.string(6)))
    }
    guard let position = try row.optionalInt(0) else {
      if try row.optionalInt32(1) == 3 {
        return .held(
          TaskToken(runID: try row.id(5), sessionID: try row.id(7), epoch: try row.int32(2), step: nil))
      }
      return .cancelled(
        HeldStep(runID: try row.id(5), stepKey: try row.string(6), sessionID: try row.id(7), epoch: try row.int32(2)))
    }
    switch try row.int32(1) {
    case 1: return .settled(position: position - 1, .ready)
    case 2:
      return .settled(
        position: position - 1,
        .leased(epoch: try row.int32(2), isDelta: try row.bool(3), isAlone: try row.bool(4)))
    default: return .settled(position: position - 1, .none)
    }
  }
}
