/// The part of a closing statement that cancels what is still open: `abandoned` are the steps as they were, from
/// `held (run_id, seq)`.
internal enum CancelOpenSteps {
  /// Locks those open steps of the runs in `input (run_id)` that come before their run, once `groups` says that those are locked:
  /// the ones that sessions hold, timers and children. Whoever settles one has the step when it wants the run.
  ///
  /// What is in nobody's hands, ready, to be tried again or held back, comes after the run: whoever readies it, pauses or resumes has
  /// the run first. So do steps that wait for signals: a signal passes over a locked one, and would be lost if the run then stays
  /// open.
  static func lock(after groups: String) -> String {
    """
    open_steps AS MATERIALIZED (
      SELECT s.run_id, s.step_key FROM input i JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id])
       WHERE s.state IN (2, 3) AND s.kind <> 5 AND s.is_held_back IS NOT TRUE AND \(groups)
       ORDER BY i.run_id, s.step_key FOR NO KEY UPDATE OF s
    )
    """
  }

  /// A condition that holds always, and only once the steps are locked.
  static let areLocked = "(SELECT count(*) FROM open_steps) >= 0"

  /// - Parameter condition: SQL that spares a step `s` because the statement itself settles it.
  static func cancel(unless condition: String) -> String {
    """
    abandoned AS MATERIALIZED (
      SELECT s.run_id, s.step_key, s.session_id, s.lease_epoch, s.child_run_id, h.seq
        FROM held h JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[h.run_id])
       WHERE s.state < 5 AND NOT (\(condition))
       ORDER BY h.run_id, s.step_key FOR NO KEY UPDATE OF s
    ),
    cancelled AS (
      UPDATE kagzi.steps s SET
        state = 7, settled_seq = a.seq + 1, settled_at = statement_timestamp(), settled_by = s.session_id, session_id = NULL,
        ready_at = NULL, due_at = NULL, deadline_at = NULL, is_held_back = NULL
      FROM abandoned a WHERE s.run_id = ANY (ARRAY[a.run_id]) AND s.step_key = a.step_key
    )
    """
  }
}
