package import Engine
package import Postgres

/// Opens runs again that closed without completing. A row comes back for each; not for one whose workflow id an open run
/// holds. `DropStepsMany` follows in the same transaction.
package struct ReopenRunsMany: PostgresStatement {
  package let reopens: [ReopenRun]

  package static let name = "reopen_runs_many"
  package static let sql = """
    WITH closed AS MATERIALIZED (
      SELECT r.run_id, r.namespace, r.workflow_id, r.workflow_type, r.workflow_version, r.task_queue, r.priority, r.timeout_ms,
             r.parent_run_id, r.parent_step, r.attempt, r.started_at, r.closed_at, coalesce(r.failure, i.dropped) AS failure, r.seq, r.step_epoch,
             coalesce(r.closing_epoch, 0) AS reported_epoch, greatest(r.closing_epoch, r.ending_epoch, 0) AS lease_epoch
        FROM unnest($1::uuid[], $2::bytea[]) AS i (run_id, dropped) JOIN kagzi.runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE r.status IN (7, 8, 9, 10)
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    opened AS (
      INSERT INTO kagzi.open_runs (
        run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, started_at, seq,
        attempt_seq, step_epoch, lease_epoch, reported_epoch, ready_at, timeout_at, due_at, parent_run_id, parent_step, signals_received,
        signals_untaken)
      SELECT c.run_id, c.namespace, c.workflow_id, c.workflow_type, c.workflow_version, c.task_queue, c.priority, 2,
             c.started_at, c.seq + 1, c.seq + 1, coalesce(c.step_epoch, 0), c.lease_epoch, c.reported_epoch, statement_timestamp(),
             statement_timestamp() + c.timeout_ms * interval '1 ms', statement_timestamp() + c.timeout_ms * interval '1 ms', c.parent_run_id,
             c.parent_step, coalesce((SELECT max(g.seq) FROM kagzi.signals g WHERE g.run_id = c.run_id), 0),
             (SELECT count(*) FROM kagzi.signals g WHERE g.run_id = c.run_id AND g.taken_by IS NULL)
        FROM closed c
       ORDER BY c.namespace, c.workflow_id
      ON CONFLICT (namespace, workflow_id) DO NOTHING
      RETURNING run_id
    ),
    reopened AS (
      UPDATE kagzi.runs r SET
        status = NULL, status_reason = NULL, closed_at = NULL, output = NULL, failure = NULL, failure_status = NULL, seq = NULL,
        closing_epoch = NULL, ending_epoch = NULL, attempt = r.attempt + 1
      FROM opened o WHERE r.run_id = ANY (ARRAY[o.run_id])
    ),
    run_attempted AS (
      INSERT INTO kagzi.step_attempts (run_id, step_key, attempt, seq, started_at, ended_at, failure)
      SELECT c.run_id, '', c.attempt, c.seq,
             coalesce((SELECT a.ended_at + coalesce(a.retry_delay_ms, 0) * interval '1 ms' FROM kagzi.step_attempts a
                        WHERE a.run_id = c.run_id AND a.step_key = '' ORDER BY a.attempt DESC LIMIT 1), c.started_at),
             c.closed_at, c.failure
        FROM closed c FULL JOIN opened o ON o.run_id = c.run_id
       WHERE num_nulls(c.run_id, o.run_id) = 0
    )
    SELECT run_id FROM opened
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(reopens) { $0.runID }
    parameters.bindArray(reopens) { $0.dropped }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
