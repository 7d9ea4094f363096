internal import Engine
package import Postgres

/// Starts the runs of firings that wait. A row comes back for each whose schedule still had the revision named and no
/// open run.
package struct StartFiringsMany: PostgresStatement {
  package let firings: [StartFiring]

  package static let name = "start_firings_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], \(ScheduledRunArrays.arrays(from: 4)))
          AS i (uid, revision, number, \(ScheduledRunArrays.columns))
    ),
    held AS MATERIALIZED (
      SELECT i.*, s.namespace
        FROM input i
        JOIN kagzi.schedules s ON s.uid = i.uid
        JOIN kagzi.schedule_firings f ON f.schedule_uid = i.uid AND f.number = i.number AND f.state = 2
       WHERE s.revision = i.revision
         AND NOT EXISTS (SELECT FROM kagzi.open_runs o
                          WHERE o.namespace = s.namespace AND o.workflow_id = s.last_workflow_id OFFSET 0)
       ORDER BY s.uid FOR NO KEY UPDATE OF s SKIP LOCKED
    ),
    \(ScheduledRunArrays.insert(from: "held", where: "true")),
    result AS MATERIALIZED (
      SELECT w.*, o.run_id AS started_run_id, CASE WHEN o.run_id IS NULL THEN 3 ELSE 1 END AS state
        FROM held w FULL JOIN opened o ON o.run_id = w.run_id
       WHERE w.uid IS NOT NULL
    ),
    settled AS (
      UPDATE kagzi.schedule_firings f SET
        state = w.state, run_id = w.started_run_id, skip_reason = CASE WHEN w.state = 3 THEN \(ScheduledRunArrays.taken) END
      FROM result w WHERE f.schedule_uid = w.uid AND f.number = w.number
    ),
    moved AS (
      UPDATE kagzi.schedules s SET
        revision = s.revision + 1,
        waiting = s.waiting - 1,
        last_at = CASE WHEN r.state = 1 THEN statement_timestamp() ELSE s.last_at END,
        last_workflow_id = CASE WHEN r.state = 1 THEN r.workflow_id ELSE s.last_workflow_id END
      FROM result r WHERE s.uid = r.uid
    )
    SELECT r.uid, r.state, r.revision + 1, NULL::uuid FROM result r
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(firings) { $0.scheduleUID }
    parameters.bindArray(firings) { $0.revision }
    parameters.bindArray(firings) { $0.number }
    ScheduledRunArrays.bind(firings.map(\.start), &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> DecideFiringsMany.Row {
    try DecideFiringsMany.decode(row)
  }
}
