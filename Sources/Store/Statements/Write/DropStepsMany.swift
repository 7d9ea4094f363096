package import Engine
package import Postgres

/// Drops the steps that a run's next attempt does not keep: those that did not complete, and the groups that did not succeed; a
/// group that succeeded keeps all its members as they are. The steps' last attempts become history,
/// and their epochs are remembered. A row comes back for each that a session held, and for each child that is to be stopped.
///
/// A statement of its own after the one that began the attempt, so that its snapshot shows what others settled until the
/// run's row was locked. It acts on runs of which nothing was recorded since (`attempt_seq = seq`), so running it again
/// changes nothing.
package struct DropStepsMany: PostgresStatement {
  /// The run, and what stands for the failure of a step that is dropped unfinished.
  package let drops: [(runID: RunID, failure: [UInt8])]

  package static let name = "drop_steps_many"
  package static let sql = """
    WITH run AS MATERIALIZED (
      SELECT r.run_id, r.seq, i.failure
        FROM unnest($1::uuid[], $2::bytea[]) AS i (run_id, failure)
        JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE r.attempt_seq = r.seq AND NOT r.leased
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    dropped AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.state, s.attempt, s.lease_epoch, s.session_id, coalesce(s.session_id, s.settled_by) AS ran_by,
             s.started_at, s.settled_at, s.child_run_id, coalesce(s.failure, r.failure) AS failure, coalesce(s.settled_seq, r.seq) AS seq
        FROM run r JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[r.run_id])
       WHERE s.state <> 5
         AND NOT EXISTS (SELECT FROM kagzi.groups g
                          WHERE g.run_id = ANY (ARRAY[s.run_id]) AND g.group_key = s.group_key AND g.verdict = 1)
       ORDER BY r.run_id, s.step_key FOR UPDATE OF s
    ),
    unresolved AS (
      DELETE FROM kagzi.groups g USING run r WHERE g.run_id = ANY (ARRAY[r.run_id]) AND g.verdict IS DISTINCT FROM 1
    ),
    deleted AS (
      DELETE FROM kagzi.steps s USING dropped d WHERE s.run_id = ANY (ARRAY[d.run_id]) AND s.step_key = d.step_key
    ),
    attempted AS (
      INSERT INTO kagzi.step_attempts (run_id, step_key, attempt, seq, worker_id, started_at, ended_at, failure)
      SELECT d.run_id, d.step_key, d.attempt, d.seq,
             (SELECT k.worker_id FROM kagzi.sessions k WHERE k.session_id = d.ran_by),
             d.started_at, coalesce(d.settled_at, statement_timestamp()), d.failure
        FROM dropped d
       WHERE d.state = 6 OR (d.state IN (2, 7) AND d.started_at IS NOT NULL)
      ON CONFLICT DO NOTHING
    ),
    epochs AS MATERIALIZED (SELECT run_id, max(lease_epoch) AS epoch FROM dropped GROUP BY run_id),
    remembered AS (
      UPDATE kagzi.open_runs r SET step_epoch = greatest(r.step_epoch, e.epoch) FROM epochs e WHERE r.run_id = ANY (ARRAY[e.run_id])
    ),
    kept AS (
      UPDATE kagzi.runs r SET step_epoch = greatest(r.step_epoch, e.epoch) FROM epochs e WHERE r.run_id = ANY (ARRAY[e.run_id])
    ),
    abandoned AS (SELECT run_id, step_key, child_run_id FROM dropped WHERE state = 3),
    \(ClosedRows.stranded(sparingAbandoned: false))
    SELECT run_id, step_key, session_id, lease_epoch, NULL FROM dropped WHERE session_id IS NOT NULL
    UNION ALL
    SELECT parent_run_id, parent_step, NULL, NULL, run_id FROM stranded
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(drops) { $0.runID }
    parameters.bindArray(drops) { $0.failure }
  }

  package enum Row: Sendable {
    case cancelled(HeldStep)
    case stranded(StrandedChild)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let (runID, stepKey) = (try row.id(0), try row.string(1))
    if let child = try row.optionalID(4) {
      return .stranded(StrandedChild(childRunID: child, parentRunID: runID, parentStep: stepKey))
    }
    return .cancelled(
      HeldStep(runID: runID, stepKey: stepKey, sessionID: try row.id(2), epoch: try row.int32(3)))
  }
}
