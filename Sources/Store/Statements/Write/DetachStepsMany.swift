internal import Engine
package import Postgres

/// Lets go of the sessions of activities that are completed later by their token. No heartbeat is expected any more: only the
/// times to close are left. A row comes back for each that was held.
package struct DetachStepsMany: PostgresStatement {
  package let detaches: [DetachStep]

  package static let name = "detach_steps_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[]) WITH ORDINALITY AS i (run_id, step_key, epoch, position)
       ORDER BY run_id, step_key
    )
    UPDATE kagzi.steps s SET
      session_id = NULL,
      due_at = least(s.started_at + s.start_to_close_ms * interval '1 ms',
                     s.scheduled_at + s.schedule_to_close_ms * interval '1 ms')
      FROM input i
     WHERE s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key AND s.state = 2 AND s.lease_epoch = i.epoch
    RETURNING i.position
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(detaches) { $0.runID }
    parameters.bindArray(detaches) { $0.stepKey }
    parameters.bindArray(detaches) { $0.epoch }
  }

  /// The place in the input.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) - 1 }
}
