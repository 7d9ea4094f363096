internal import Engine
package import Postgres

/// Gives activity tasks back without counting an attempt. A row comes back for each that was held.
package struct ReleaseStepsMany: PostgresStatement {
  package let releases: [ReleaseStep]

  package static let name = "release_steps_many"
  package static let sql = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[]) WITH ORDINALITY
          AS i (run_id, step_key, epoch, delay_ms, position)
       ORDER BY run_id, step_key
    )
    UPDATE kagzi.steps s SET
      state = CASE WHEN i.delay_ms > 0 THEN 4 ELSE 1 END, session_id = NULL, started_at = NULL, deadline_at = NULL,
      ready_at = CASE WHEN i.delay_ms > 0 THEN NULL ELSE clock.now END,
      due_at = CASE WHEN i.delay_ms > 0 THEN clock.now + i.delay_ms * interval '1 ms'
                 ELSE s.scheduled_at + s.schedule_to_close_ms * interval '1 ms' END
    FROM input i, clock
    WHERE s.run_id = i.run_id AND s.step_key = i.step_key AND s.state = 2 AND s.lease_epoch = i.epoch
    RETURNING i.position
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(releases) { $0.runID }
    parameters.bindArray(releases) { $0.stepKey }
    parameters.bindArray(releases) { $0.epoch }
    parameters.bindArray(releases) { $0.delayMilliseconds }
  }

  /// The release's place in the input.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) - 1 }
}
