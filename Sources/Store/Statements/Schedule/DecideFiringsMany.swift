package import Engine
package import Postgres

/// Decides about occurrences. A row comes back for each whose schedule still had the revision named: whether its run was
/// started, it waits, or it was skipped.
///
/// The revision is the guard of everything else: that the occurrence is the schedule's next, that it is not paused, and
/// that no other run of it was started since. A row that somebody else has locked is being changed: it is left out.
package struct DecideFiringsMany: PostgresStatement {
  package let firings: [DecideFiring]
  /// How many decisions of a schedule are kept.
  package static let kept = 10_000

  package struct Row: Sendable {
    package var scheduleUID: UUID
    package var decision: FiringDecision
  }

  package static let name = "decide_firings_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::uuid[], $6::smallint[],
                           $7::integer[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                           \(ScheduledRunArrays.arrays(from: 11)))
          AS i (uid, revision, cause, scheduled_at, firing_id, overlap, room, skip_reason, next_at, fire_at,
                \(ScheduledRunArrays.columns))
    ),
    held AS MATERIALIZED (
      SELECT i.*, s.namespace, s.decisions, s.waiting, s.last_workflow_id
        FROM input i JOIN kagzi.schedules s ON s.uid = i.uid
       WHERE s.revision = i.revision AND (i.cause <> 1 OR s.fire_at <= statement_timestamp())
       ORDER BY s.uid FOR NO KEY UPDATE OF s SKIP LOCKED
    ),
    weighed AS MATERIALIZED (
      SELECT h.*, o.run_id AS open_run_id,
             CASE WHEN f.number IS NOT NULL THEN 0
                  WHEN h.skip_reason IS NOT NULL THEN 3
                  WHEN h.overlap = 5 OR (o.run_id IS NULL AND h.waiting = 0) THEN 1
                  WHEN h.waiting < h.room THEN 2
                  ELSE 3 END AS verdict
        FROM held h
        LEFT JOIN kagzi.schedule_firings f
          ON f.schedule_uid = h.uid AND f.cause = h.cause AND f.scheduled_at = h.scheduled_at
        LEFT JOIN kagzi.open_runs o ON o.namespace = ANY (ARRAY[h.namespace]) AND o.workflow_id = ANY (ARRAY[h.last_workflow_id])
    ),
    \(ScheduledRunArrays.insert(from: "weighed", where: "w.verdict = 1")),
    result AS MATERIALIZED (
      SELECT w.*, o.run_id AS started_run_id,
             CASE WHEN w.verdict = 1 AND o.run_id IS NULL THEN 3 ELSE w.verdict END AS state,
             CASE WHEN w.verdict = 1 AND o.run_id IS NULL THEN \(ScheduledRunArrays.taken)
                  WHEN w.verdict = 3 THEN coalesce(w.skip_reason, 'overlap: '
                    || concat_ws(' and ', 'run ' || w.open_run_id || ' is open',
                                 nullif(w.waiting, 0) || ' waiting already')) END AS reason
        FROM weighed w FULL JOIN opened o ON o.run_id = w.run_id
       WHERE w.uid IS NOT NULL
    ),
    replaced AS (
      UPDATE kagzi.schedule_firings f SET state = 3, skip_reason = 'overlap: a later occurrence took its place'
        FROM result r
       WHERE f.schedule_uid = r.uid AND f.state = 2 AND r.state = 2 AND r.overlap = 4
    ),
    recorded AS (
      INSERT INTO kagzi.schedule_firings (
        schedule_uid, number, cause, scheduled_at, decided_at, state, firing_id, run_id, skip_reason)
      SELECT r.uid, r.decisions + 1, r.cause, r.scheduled_at, statement_timestamp(), r.state, r.firing_id, r.started_run_id, r.reason
        FROM result r WHERE r.state > 0
    ),
    forgotten AS (
      DELETE FROM kagzi.schedule_firings f USING result r
       WHERE f.schedule_uid = r.uid AND f.number <= r.decisions - \(kept) AND f.state <> 2
    ),
    moved AS (
      UPDATE kagzi.schedules s SET
        revision = s.revision + 1,
        decisions = s.decisions + CASE WHEN r.state = 0 THEN 0 ELSE 1 END,
        next_at = CASE WHEN r.cause = 1 THEN r.next_at ELSE s.next_at END,
        fire_at = CASE WHEN r.cause = 1 THEN r.fire_at ELSE s.fire_at END,
        last_at = CASE WHEN r.state = 1 THEN statement_timestamp() ELSE s.last_at END,
        last_workflow_id = CASE WHEN r.state = 1 THEN r.workflow_id ELSE s.last_workflow_id END,
        waiting = CASE WHEN r.state <> 2 THEN s.waiting WHEN r.overlap = 4 THEN 1 ELSE s.waiting + 1 END
      FROM result r WHERE s.uid = r.uid
    )
    SELECT r.uid, r.state, r.revision + 1, r.open_run_id FROM result r
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(firings) { $0.scheduleUID }
    parameters.bindArray(firings) { $0.revision }
    parameters.bindArray(firings) { $0.cause.rawValue }
    parameters.bindArray(firings) { PostgresTimestamp(microseconds: $0.scheduledAt) }
    parameters.bindArray(firings) { $0.firingID }
    parameters.bindArray(firings) { $0.policy.rawValue }
    parameters.bindArray(firings) { $0.room }
    parameters.bindOptionalArray(firings) { $0.skipReason }
    parameters.bindOptionalArray(firings) { $0.nextAt.map(PostgresTimestamp.init(microseconds:)) }
    parameters.bindOptionalArray(firings) { $0.fireAt.map(PostgresTimestamp.init(microseconds:)) }
    ScheduledRunArrays.bind(firings.map(\.start), &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    // A number that an expression yields comes as an integer.
    guard let state = FiringDecision.State(rawValue: Int16(try row.int32(1))) else { throw .malformed(column: 1) }
    return Row(
      scheduleUID: try row.id(0),
      decision: FiringDecision(state: state, revision: try row.int64(2), openRun: try row.optionalID(3)))
  }
}
