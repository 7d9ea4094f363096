/// The parts of a closing statement that cancel the groups still open. They are locked before the run, as everywhere.
internal enum CancelOpenGroups {
  /// Locks the open groups of the runs in `input (run_id)`.
  static let lock = """
    open_groups AS MATERIALIZED (
      SELECT g.run_id, g.group_key FROM input i JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[i.run_id])
       WHERE g.verdict IS NULL
       ORDER BY i.run_id, g.group_key FOR NO KEY UPDATE OF g
    )
    """

  /// A condition that holds always, and only once the groups are locked.
  static let areLocked = "(SELECT count(*) FROM open_groups) >= 0"

  /// Cancels those whose run is in `held (run_id, seq)`.
  static let cancel = """
    closed_groups AS MATERIALIZED (
      SELECT g.run_id, g.group_key, h.seq FROM open_groups g FULL JOIN held h ON h.run_id = g.run_id
       WHERE num_nulls(g.run_id, h.run_id) = 0
    ),
    cancelled_groups AS (
      UPDATE kagzi.groups g SET verdict = 4, resolved_at = statement_timestamp(), resolved_seq = c.seq + 1
        FROM closed_groups c WHERE g.run_id = ANY (ARRAY[c.run_id]) AND g.group_key = c.group_key
    )
    """
}
