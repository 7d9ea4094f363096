package import Engine
package import Postgres

/// Records reports of failure after which the run's own policy tries it again. A row comes back for each whose lease held
/// and that was not asked to cancel. `DropStepsMany` follows in the same transaction; the groups and steps that it deletes are locked
/// here, before the run.
package struct RestartRunsMany: PostgresStatement {
  package let restarts: [RestartRun]

  package static let name = "restart_runs_many"
  package static let sql = """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::text[], $6::bytea[], $7::text[])
          AS i (run_id, epoch, changes, delay_ms, reason, failure, worker_id)
       ORDER BY run_id
    ),
    open_groups AS MATERIALIZED (
      SELECT g.run_id FROM input i JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[i.run_id])
       WHERE g.verdict IS DISTINCT FROM 1
       ORDER BY i.run_id, g.group_key FOR UPDATE OF g
    ),
    \(CancelOpenSteps.lock(after: CancelOpenGroups.areLocked)),
    before AS MATERIALIZED (
      SELECT i.*, r.seq, r.attempt_seq, r.step_epoch, r.session_id, r.started_at
        FROM input i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE \(CancelOpenSteps.areLocked) AND r.leased AND r.lease_epoch = i.epoch AND NOT r.cancel_requested
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    held AS (
      UPDATE kagzi.open_runs r SET
        seq = b.seq + b.changes + 1, attempt_seq = b.seq + b.changes + 1, losses = 0,
        status = CASE WHEN r.status = 5 THEN 5 ELSE 3 END,
        status_reason = CASE WHEN r.status = 5 THEN r.status_reason ELSE b.reason END,
        leased = false, reported_epoch = b.epoch, sticky = false, news = false,
        resume_at = statement_timestamp() + b.delay_ms * interval '1 ms',
        due_at = least(statement_timestamp() + b.delay_ms * interval '1 ms', r.timeout_at)
      FROM before b WHERE r.run_id = ANY (ARRAY[b.run_id])
      RETURNING r.run_id, b.seq + b.changes AS seq, b.changes, b.session_id, false AS is_paused, b.step_epoch, b.attempt_seq
    ),
    numbered AS (
      UPDATE kagzi.runs r SET attempt = r.attempt + 1 FROM before b WHERE r.run_id = ANY (ARRAY[b.run_id])
      RETURNING r.run_id, r.attempt - 1 AS attempt, b.seq + b.changes + 1 AS seq, b.started_at, b.failure, b.worker_id, b.delay_ms
    ),
    run_attempted AS (
      INSERT INTO kagzi.step_attempts (run_id, step_key, attempt, seq, worker_id, started_at, ended_at, failure, retry_delay_ms)
      SELECT n.run_id, '', n.attempt, n.seq, n.worker_id,
             coalesce((SELECT a.ended_at + coalesce(a.retry_delay_ms, 0) * interval '1 ms' FROM kagzi.step_attempts a
                        WHERE a.run_id = n.run_id AND a.step_key = '' ORDER BY a.attempt DESC LIMIT 1), n.started_at),
             statement_timestamp(), n.failure, n.delay_ms
        FROM numbered n
    ),
    \(NewStepArrays.insert(from: 8)),
    \(FailedAttemptArrays.insert(from: 8 + NewStepArrays.parameterCount))
    SELECT run_id FROM before
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(restarts) { $0.runID }
    parameters.bindArray(restarts) { $0.epoch }
    parameters.bindArray(restarts) { Int32($0.steps.count + $0.failedAttempts.count) }
    parameters.bindArray(restarts) { $0.delayMilliseconds }
    parameters.bindArray(restarts) { $0.reason }
    parameters.bindArray(restarts) { $0.failure }
    parameters.bindArray(restarts) { $0.workerID }
    NewStepArrays.bind(restarts.flatMap { $0.steps.positioned(in: $0.runID) }, &parameters)
    FailedAttemptArrays.bind(
      restarts.flatMap { restart in restart.failedAttempts.map { .init(runID: restart.runID, attempt: $0) } },
      &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
