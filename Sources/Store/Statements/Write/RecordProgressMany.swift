internal import Engine
package import Postgres

/// Keeps what running activities have reached and moves their heartbeat deadline. A row comes back for each that is held.
package struct RecordProgressMany: PostgresStatement {
  package let progress: [RecordProgress]

  package static let name = "record_progress_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bytea[]) WITH ORDINALITY
          AS i (run_id, step_key, epoch, progress, position)
       ORDER BY run_id, step_key
    )
    UPDATE kagzi.steps s SET
      progress = coalesce(i.progress, s.progress),
      deadline_at = least(s.started_at + s.start_to_close_ms * interval '1 ms',
                          s.scheduled_at + s.schedule_to_close_ms * interval '1 ms',
                          statement_timestamp() + s.heartbeat_ms * interval '1 ms')
    FROM input i
    WHERE s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key AND s.state = 2 AND s.lease_epoch = i.epoch
    RETURNING i.position
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(progress) { $0.runID }
    parameters.bindArray(progress) { $0.stepKey }
    parameters.bindArray(progress) { $0.epoch }
    parameters.bindOptionalArray(progress) { $0.progress }
  }

  /// The place in the input.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) - 1 }
}
