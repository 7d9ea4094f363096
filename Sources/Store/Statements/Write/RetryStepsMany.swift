internal import Engine
package import Postgres

/// Records failed attempts of activities and plans the next ones. A row comes back for each whose guard held.
package struct RetryStepsMany: PostgresStatement {
  package let retries: [RetryStep]

  package static let name = "retry_steps_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::integer[], $6::bytea[], $7::bigint[], $8::text[])
        WITH ORDINALITY AS i (run_id, step_key, from_state, epoch, attempt, failure, delay_ms, worker_id, position)
    ),
    held AS MATERIALIZED (
      SELECT i.*, s.started_at, s.session_id
        FROM input i JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
       WHERE s.state = i.from_state AND s.attempt = i.attempt
         AND CASE WHEN i.epoch IS NULL THEN s.due_at <= statement_timestamp() ELSE s.lease_epoch = i.epoch END
       ORDER BY i.run_id, i.step_key FOR NO KEY UPDATE OF s
    ),
    counted AS (
      UPDATE kagzi.open_runs r SET seq = r.seq + 1
        FROM held h WHERE r.run_id = ANY (ARRAY[h.run_id])
      RETURNING r.run_id, r.seq
    ),
    planned AS (
      UPDATE kagzi.steps s SET
        state = 4, attempt = s.attempt + 1, failure = h.failure, session_id = NULL, started_at = NULL, ready_at = NULL,
        deadline_at = NULL,
        due_at = statement_timestamp() + h.delay_ms * interval '1 ms'
      FROM held h WHERE s.run_id = ANY (ARRAY[h.run_id]) AND s.step_key = h.step_key
    ),
    attempted AS (
      INSERT INTO kagzi.step_attempts (run_id, step_key, attempt, seq, worker_id, started_at, ended_at, failure, retry_delay_ms)
      SELECT h.run_id, h.step_key, h.attempt, coalesce(c.seq, 0),
             coalesce(h.worker_id, (SELECT k.worker_id FROM kagzi.sessions k WHERE k.session_id = h.session_id)),
             h.started_at, statement_timestamp(), h.failure, h.delay_ms
        FROM held h FULL JOIN counted c ON c.run_id = h.run_id
    )
    SELECT position FROM held
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(retries) { $0.runID }
    parameters.bindArray(retries) { $0.stepKey }
    parameters.bindArray(retries) { $0.guard.state.rawValue }
    parameters.bindOptionalArray(retries) { $0.guard.epoch }
    parameters.bindArray(retries) { $0.attempt }
    parameters.bindArray(retries) { $0.failure }
    parameters.bindArray(retries) { $0.delayMilliseconds }
    parameters.bindOptionalArray(retries) { $0.workerID }
  }

  /// The retry's place in the input.
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) - 1 }
}
