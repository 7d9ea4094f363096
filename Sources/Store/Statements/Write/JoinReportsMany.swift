package import Engine
package import Postgres

/// What reports do to groups: opens them, counts the members that the reports settle, cancels what they ask to cancel,
/// resolves what is decided. Runs under `LockGroupsMany` and before the statement that records the reports, with the same
/// guard, so that both hold or neither does. Rows: one a resolved group that a report speaks of; one a cancelled step
/// that a session held; one a child that is to be stopped.
///
/// A group that is opened anew, in a run that was retried or forked, begins with the members it has already.
///
/// A member that names no recorded group is inserted as a group of strategy zero, which the rule
/// `members_name_a_group_that_was_opened` refuses: the report fails whole.
package struct JoinReportsMany: PostgresStatement {
  package let reports: [Report]

  /// The part of a report that concerns groups.
  package struct Report: Sendable {
    package var runID: RunID
    package var epoch: Int32
    /// Whether the function is suspended with it, and so has to be woken to learn of what it resolves.
    package var isSuspending: Bool
    package var steps: [NewStep]
    package var groups: GroupChanges
  }

  package enum Row: Sendable {
    /// - Parameter isNew: whether the report resolved it, not an earlier event.
    case resolved(RunID, GroupRow, isNew: Bool)
    case cancelled(HeldStep)
    case stranded(StrandedChild)
  }

  package static let name = "join_reports_many"
  package static let sql = """
    WITH held AS MATERIALIZED (
      SELECT r.run_id, r.seq, i.suspends
        FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS i (run_id, epoch, suspends)
        JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE r.leased AND r.lease_epoch = i.epoch
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    members AS MATERIALIZED (
      SELECT m.run_id, m.step_key, m.group_key, m.is_local, m.position, s.run_id IS NULL AS is_new,
             CASE WHEN s.run_id IS NULL OR (s.kind = 1 AND s.state = 4 AND s.attempt = m.attempt) THEN m.outcome END AS outcome
        FROM unnest($4::uuid[], $5::text[], $6::text[], $7::boolean[], $8::smallint[], $9::integer[])
             WITH ORDINALITY AS m (run_id, step_key, group_key, is_local, outcome, attempt, position)
        FULL JOIN held h ON h.run_id = m.run_id
        LEFT JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[m.run_id]) AND s.step_key = m.step_key
       WHERE num_nulls(m.run_id, h.run_id) = 0
    ),
    cancels AS MATERIALIZED (
      SELECT c.run_id, c.key
        FROM unnest($10::uuid[], $11::text[]) AS c (run_id, key) FULL JOIN held h ON h.run_id = c.run_id
       WHERE num_nulls(c.run_id, h.run_id) = 0
    ),
    dropped AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.group_key, s.kind, s.session_id, s.lease_epoch, s.child_run_id,
             s.kind = 2 AND (s.state <> 3 OR s.is_held_back IS TRUE) AS is_active
        FROM cancels c JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[c.run_id]) AND s.step_key = c.key AND s.state < 5
       ORDER BY c.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    opens AS MATERIALIZED (
      SELECT o.*, h.seq
        FROM unnest($12::uuid[], $13::text[], $14::smallint[], $15::integer[], $16::integer[], $17::integer[], $18::text[], $19::bigint[])
             WITH ORDINALITY AS o (run_id, group_key, strategy, member_count, quorum, max_concurrency, parent_step, deadline_ms, position)
        FULL JOIN held h ON h.run_id = o.run_id
       WHERE num_nulls(o.run_id, h.run_id) = 0
    ),
    asked AS MATERIALIZED (
      SELECT o.*, o.seq + row_number() OVER (PARTITION BY o.run_id ORDER BY o.position) AS opened_seq,
             coalesce(m.succeeded, 0) AS succeeded, coalesce(m.failed, 0) AS failed, coalesce(m.active, 0) AS active,
             coalesce(m.has_tasks, false) AS has_tasks, m.first_success, m.first_failure
        FROM opens o
        LEFT JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[o.run_id]) AND g.group_key = o.group_key
       CROSS JOIN LATERAL (
             SELECT count(*) FILTER (WHERE s.state = 5) AS succeeded, count(*) FILTER (WHERE s.state > 5) AS failed,
                    count(*) FILTER (WHERE s.kind = 2 AND s.state IN (1, 2, 4)) AS active, bool_or(s.kind <> 1) AS has_tasks,
                    (array_agg(s.step_key ORDER BY s.settled_seq) FILTER (WHERE s.state = 5))[1] AS first_success,
                    (array_agg(s.step_key ORDER BY s.settled_seq) FILTER (WHERE s.state > 5))[1] AS first_failure
               FROM kagzi.steps s WHERE s.run_id = o.run_id AND s.group_key = o.group_key) m
       WHERE g.run_id IS NULL
    ),
    tally AS MATERIALIZED (
      SELECT run_id, group_key, count(*) FILTER (WHERE outcome = 5) AS succeeded, count(*) FILTER (WHERE outcome > 5) AS failed,
             count(*) FILTER (WHERE frees) AS freed, count(step_key) AS named, bool_or(is_end) AS is_ended,
             (array_agg(step_key ORDER BY position) FILTER (WHERE outcome = 5))[1] AS first_success,
             (array_agg(step_key ORDER BY position) FILTER (WHERE outcome > 5))[1] AS first_failure,
             bool_or(is_task) AS has_tasks, bool_or(is_task AND is_new) AS has_new_tasks
        FROM (
          SELECT run_id, group_key, step_key, outcome, NOT is_local AS is_task, is_new, false AS frees, false AS is_end, position FROM members
           UNION ALL
          SELECT run_id, group_key, step_key, 7, kind <> 1, false, is_active, false, 0 FROM dropped WHERE group_key IS NOT NULL
           UNION ALL
          SELECT run_id, key, NULL, NULL, false, false, false, true, NULL FROM cancels
        ) e
       GROUP BY run_id, group_key
    ),
    standing AS (
      SELECT g.run_id, g.group_key, true AS is_recorded, g.strategy, g.member_count, g.quorum, g.max_concurrency, g.parent_step,
             g.opened_seq, g.deadline_at, g.succeeded, g.failed, g.active, g.has_tasks, g.verdict, g.winner, g.failed_step,
             NULL::text AS first_success, NULL::text AS first_failure
        FROM (SELECT run_id, group_key FROM tally UNION SELECT run_id, group_key FROM opens) t
        JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id]) AND g.group_key = t.group_key
       UNION ALL
      SELECT run_id, group_key, false, strategy, member_count, quorum, max_concurrency, parent_step, opened_seq,
             statement_timestamp() + deadline_ms * interval '1 ms', succeeded, failed, active, has_tasks, NULL, NULL, NULL,
             first_success, first_failure
        FROM asked
    ),
    counted AS (
      SELECT coalesce(s.run_id, t.run_id) AS run_id, coalesce(s.group_key, t.group_key) AS group_key,
             coalesce(s.is_recorded, false) AS is_recorded, coalesce(s.strategy, 0) AS strategy, coalesce(s.member_count, 0) AS member_count,
             coalesce(s.quorum, 0) AS quorum, coalesce(s.max_concurrency, 0) AS max_concurrency, s.parent_step,
             coalesce(s.opened_seq, 0) AS opened_seq, s.deadline_at,
             coalesce(s.succeeded, 0) + CASE WHEN s.verdict IS NULL THEN coalesce(t.succeeded, 0) ELSE 0 END AS succeeded,
             coalesce(s.failed, 0) + CASE WHEN s.verdict IS NULL THEN coalesce(t.failed, 0) ELSE 0 END AS failed,
             coalesce(s.active, 0) - coalesce(t.freed, 0) AS active, coalesce(s.has_tasks, false) OR coalesce(t.has_tasks, false) AS has_tasks,
             coalesce(t.has_new_tasks, false) AS has_new_tasks, coalesce(t.is_ended, false) AS is_ended,
             coalesce(s.first_success, t.first_success) AS first_success, coalesce(s.first_failure, t.first_failure) AS first_failure,
             s.verdict AS old_verdict, s.winner, s.failed_step
        FROM standing s FULL JOIN tally t ON t.run_id = s.run_id AND t.group_key = s.group_key
       WHERE num_nulls(s.run_id) = 0 OR t.named > 0
    ),
    decided AS MATERIALIZED (
      SELECT c.*, CASE WHEN old_verdict IS NULL THEN
               coalesce(\(GroupVerdictExpression.ofRow), CASE WHEN is_ended THEN 4 WHEN deadline_at <= statement_timestamp() THEN 3 END)
             END::smallint AS verdict
        FROM counted c
    ),
    left_open AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.session_id, s.lease_epoch, s.child_run_id
        FROM decided d JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[d.run_id]) AND s.group_key = d.group_key AND s.state < 5
       WHERE d.verdict IS NOT NULL
         AND (s.run_id, s.step_key) NOT IN (SELECT run_id, step_key FROM members WHERE outcome IS NOT NULL)
       ORDER BY d.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    abandoned AS MATERIALIZED (
      SELECT a.*, row_number() OVER (PARTITION BY run_id ORDER BY step_key) AS place
        FROM (SELECT run_id, step_key, session_id, lease_epoch, child_run_id FROM left_open UNION
              SELECT run_id, step_key, session_id, lease_epoch, child_run_id FROM dropped) a
    ),
    \(ClosedRows.stranded(sparingAbandoned: false)),
    summed AS (
      SELECT run_id, sum(opened) AS opened, sum(ended) AS ended, bool_or(is_news) AS is_news, bool_or(is_resolved) AS is_resolved
        FROM (
          SELECT run_id, 1 AS opened, 0 AS ended, false AS is_news, false AS is_resolved FROM asked
           UNION ALL
          SELECT run_id, 0, 1, false, false FROM abandoned
           UNION ALL
          SELECT run_id, 0, 0, true, false FROM dropped
           UNION ALL
          SELECT run_id, 0, 0, CASE WHEN verdict IS NOT NULL THEN has_tasks ELSE old_verdict IS NOT NULL AND has_new_tasks END,
                 verdict IS NOT NULL FROM decided
        ) e
       GROUP BY run_id
    ),
    raised AS MATERIALIZED (
      SELECT h.run_id, h.seq + coalesce(s.opened, 0) AS ended_from, h.seq + coalesce(s.opened + s.ended, 0) + 1 AS seq,
             coalesce(s.is_news OR (s.is_resolved AND h.suspends), false) AS is_news
        FROM held h FULL JOIN summed s ON s.run_id = h.run_id
       WHERE num_nulls(h.run_id) = 0
    ),
    told AS (
      UPDATE kagzi.open_runs r SET seq = x.seq, news = r.news OR x.is_news FROM raised x WHERE r.run_id = ANY (ARRAY[x.run_id])
    ),
    joined AS MATERIALIZED (
      SELECT d.*, x.seq FROM decided d FULL JOIN raised x ON x.run_id = d.run_id WHERE num_nulls(d.run_id) = 0
    ),
    opened AS (
      INSERT INTO kagzi.groups (
        run_id, group_key, strategy, member_count, quorum, max_concurrency, parent_step, opened_seq, opened_at, deadline_at,
        succeeded, failed, active, has_tasks, verdict, resolved_at, resolved_seq, winner, failed_step)
      SELECT run_id, group_key, strategy, member_count, quorum, max_concurrency, parent_step, opened_seq, statement_timestamp(), deadline_at,
             succeeded, failed, active, has_tasks, verdict, CASE WHEN verdict IS NOT NULL THEN statement_timestamp() END,
             CASE WHEN verdict IS NOT NULL THEN seq END, CASE WHEN strategy = 3 AND verdict = 1 THEN first_success END,
             CASE WHEN strategy = 1 AND verdict = 2 THEN first_failure END
        FROM joined WHERE NOT is_recorded
      -- The same report, recorded by another coordinator since this statement began.
      ON CONFLICT DO NOTHING
    ),
    recorded AS (
      UPDATE kagzi.groups g SET
        succeeded = j.succeeded, failed = j.failed, active = j.active, has_tasks = j.has_tasks, verdict = j.verdict,
        resolved_at = CASE WHEN j.verdict IS NOT NULL THEN statement_timestamp() END,
        resolved_seq = CASE WHEN j.verdict IS NOT NULL THEN j.seq END,
        winner = CASE WHEN j.strategy = 3 AND j.verdict = 1 THEN j.first_success END,
        failed_step = CASE WHEN j.strategy = 1 AND j.verdict = 2 THEN j.first_failure END
      FROM joined j
      WHERE g.run_id = ANY (ARRAY[j.run_id]) AND g.group_key = j.group_key AND j.is_recorded AND j.old_verdict IS NULL
    ),
    numbered AS MATERIALIZED (
      SELECT a.run_id, a.step_key, x.ended_from + a.place AS settled_seq
        FROM abandoned a FULL JOIN raised x ON x.run_id = a.run_id
       WHERE num_nulls(a.run_id) = 0
    ),
    cancelled AS (
      UPDATE kagzi.steps s SET
        state = 7, settled_at = statement_timestamp(), settled_seq = n.settled_seq, settled_by = s.session_id, session_id = NULL,
        ready_at = NULL, due_at = NULL, deadline_at = NULL
      FROM numbered n
      WHERE s.run_id = ANY (ARRAY[n.run_id]) AND s.step_key = n.step_key
    )
    SELECT run_id, group_key, coalesce(old_verdict, verdict),
           coalesce(winner, CASE WHEN strategy = 3 AND verdict = 1 THEN first_success END),
           coalesce(failed_step, CASE WHEN strategy = 1 AND verdict = 2 THEN first_failure END),
           succeeded::integer, failed::integer, NULL::uuid, CASE WHEN old_verdict IS NULL THEN 1 END, NULL::uuid
      FROM decided WHERE coalesce(old_verdict, verdict) IS NOT NULL
     UNION ALL
    SELECT run_id, step_key, NULL, NULL, NULL, NULL, NULL, session_id, lease_epoch, NULL FROM abandoned WHERE session_id IS NOT NULL
     UNION ALL
    SELECT parent_run_id, parent_step, NULL, NULL, NULL, NULL, NULL, NULL, NULL, run_id FROM stranded
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(reports) { $0.runID }
    parameters.bindArray(reports) { $0.epoch }
    parameters.bindArray(reports) { $0.isSuspending }
    let members = reports.flatMap { report in
      report.steps.filter { $0.groupKey != nil }.map { (runID: report.runID, step: $0) }
    }
    parameters.bindArray(members) { $0.runID }
    parameters.bindArray(members) { $0.step.key }
    parameters.bindArray(members) { $0.step.groupKey ?? "" }
    parameters.bindArray(members) { $0.step.kind == .local }
    parameters.bindOptionalArray(members) { $0.step.state.isSettled ? $0.step.state.rawValue : nil }
    parameters.bindArray(members) { $0.step.attempt }
    let cancels = reports.flatMap { report in report.groups.cancels.map { (runID: report.runID, key: $0) } }
    parameters.bindArray(cancels) { $0.runID }
    parameters.bindArray(cancels) { $0.key }
    let opens = reports.flatMap { report in report.groups.opens.map { (runID: report.runID, open: $0) } }
    parameters.bindArray(opens) { $0.runID }
    parameters.bindArray(opens) { $0.open.key }
    parameters.bindArray(opens) { $0.open.group.strategy.rawValue }
    parameters.bindArray(opens) { Int32($0.open.group.memberCount) }
    parameters.bindArray(opens) { Int32($0.open.group.quorum) }
    parameters.bindArray(opens) { $0.open.maxConcurrency }
    parameters.bindOptionalArray(opens) { $0.open.parentStep }
    parameters.bindOptionalArray(opens) { $0.open.deadlineMilliseconds }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runID = try row.id(0)
    if let child = try row.optionalID(9) {
      return .stranded(StrandedChild(childRunID: child, parentRunID: runID, parentStep: try row.string(1)))
    }
    guard let sessionID = try row.optionalID(7) else {
      guard let verdict = GroupVerdict(rawValue: try row.int16(2)) else { throw .malformed(column: 2) }
      return .resolved(
        runID,
        GroupRow(
          key: try row.string(1), verdict: verdict, winner: try row.optionalString(3),
          failedStep: try row.optionalString(4), succeeded: try row.int32(5), failed: try row.int32(6)),
        isNew: try row.optionalInt32(8) != nil)
    }
    return .cancelled(
      HeldStep(runID: runID, stepKey: try row.string(1), sessionID: sessionID, epoch: try row.int32(8)))
  }
}
