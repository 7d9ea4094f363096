internal import Engine
internal import Postgres

/// The part of a report's statement that writes failed attempts of local steps: seven parallel arrays, joined with `held`.
internal enum FailedAttemptArrays {
  internal struct Entry {
    var runID: UUID
    var attempt: FailedAttempt
  }

  internal static let parameterCount = 7

  internal static func bind(_ entries: [Entry], _ parameters: inout PostgresParameters) {
    parameters.bindArray(entries) { $0.runID }
    parameters.bindArray(entries) { $0.attempt.key }
    parameters.bindArray(entries) { $0.attempt.attempt }
    parameters.bindArray(entries) { $0.attempt.failure }
    parameters.bindOptionalArray(entries) { $0.attempt.retryDelayMilliseconds }
    parameters.bindOptionalArray(entries) { $0.attempt.workerID }
    parameters.bindOptionalArray(entries) { $0.attempt.durationMilliseconds }
  }

  /// A common table expression `attempted` that inserts the attempts; one that is there already stays, unless it is of an
  /// earlier attempt of the run.
  internal static func insert(from base: Int) -> String {
    """
    attempted AS (
      INSERT INTO kagzi.step_attempts (run_id, step_key, attempt, seq, worker_id, started_at, ended_at, failure, retry_delay_ms)
      SELECT a.run_id, a.step_key, a.attempt, h.seq, a.worker_id,
             statement_timestamp() - coalesce(a.duration_ms, 0) * interval '1 ms', statement_timestamp(), a.failure, a.retry_delay_ms
        FROM unnest($\(base)::uuid[], $\(base + 1)::text[], $\(base + 2)::integer[], $\(base + 3)::bytea[],
                    $\(base + 4)::bigint[], $\(base + 5)::text[], $\(base + 6)::bigint[])
             AS a (run_id, step_key, attempt, failure, retry_delay_ms, worker_id, duration_ms)
        FULL JOIN held h ON h.run_id = a.run_id
       WHERE num_nulls(a.run_id, h.run_id) = 0 AND NOT EXISTS (SELECT FROM kagzi.step_attempts p
                          WHERE p.run_id = a.run_id AND p.step_key = a.step_key AND p.attempt = a.attempt
                            AND p.seq > h.attempt_seq)
    )
    """
  }
}
