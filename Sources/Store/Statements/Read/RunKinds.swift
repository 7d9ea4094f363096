/// The kinds of runs that a namespace has. An index leads by them, so that the runs of a namespace, of one of its types, and of a
/// version are found by one index: an index entry a run, where each order of its own would cost another.
internal enum RunKinds {
  /// A common table expression `kind (type, version)` of the namespace $1, for `WITH RECURSIVE`: one look-up each.
  static let kinds = """
    kind (type, version) AS (
      (SELECT workflow_type, workflow_version FROM kagzi.runs WHERE namespace = $1
        ORDER BY workflow_type, workflow_version LIMIT 1)
      UNION ALL
      SELECT next.* FROM kind k CROSS JOIN LATERAL (
        SELECT workflow_type, workflow_version FROM kagzi.runs
         WHERE namespace = $1 AND (workflow_type, workflow_version) > (k.type, k.version)
         ORDER BY workflow_type, workflow_version LIMIT 1) next
    )
    """

  /// A subquery that gives `run_id` of the namespace's runs that meet a condition (on `runs`), in an order, at most so many.
  /// - Parameter order: `DESC` for the newest, `ASC` for the oldest.
  static func runs(_ condition: String, order: String, limit: String) -> String {
    """
    SELECT n.run_id FROM kind k CROSS JOIN LATERAL (
        SELECT run_id FROM kagzi.runs
         WHERE namespace = $1 AND workflow_type = k.type AND workflow_version = k.version AND \(condition)
         ORDER BY run_id \(order) LIMIT \(limit)) n
       ORDER BY n.run_id \(order) LIMIT \(limit)
    """
  }
}
