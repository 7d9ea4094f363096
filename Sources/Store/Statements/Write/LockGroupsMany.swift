package import Engine
package import Postgres

/// Locks the groups that a batch is about to count in, in key order, before any step and any run: the first statement of
/// its transaction. What comes after it sees all that others committed to these groups.
package struct LockGroupsMany: PostgresStatement {
  package typealias Row = Void

  package let touched: TouchedGroups

  package static let name = "lock_groups_many"
  package static let sql = """
    SELECT g.run_id
      FROM (\(TouchedGroups.keys(from: 1))) t JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id]) AND g.group_key = t.group_key
     ORDER BY t.run_id, t.group_key
       FOR NO KEY UPDATE OF g
    """

  package func bind(_ parameters: inout PostgresParameters) { touched.bind(&parameters) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}

/// Groups by their own keys, or by those of their members.
package struct TouchedGroups: Sendable {
  package typealias Key = (runID: RunID, key: String)

  package var members: [Key] = []
  package var groups: [Key] = []

  package init() {}

  package var isEmpty: Bool { members.isEmpty && groups.isEmpty }

  /// The distinct `(run_id, group_key)`, from four parameters. (`IS NOT NULL` would tempt the planner to look each step up
  /// among all members of its run.)
  internal static func keys(from base: Int) -> String {
    """
    SELECT s.run_id, s.group_key
      FROM unnest($\(base)::uuid[], $\(base + 1)::text[]) AS m (run_id, step_key)
      JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[m.run_id]) AND s.step_key = m.step_key
     WHERE num_nulls(s.group_key) = 0
     UNION
    SELECT run_id, group_key FROM unnest($\(base + 2)::uuid[], $\(base + 3)::text[]) AS k (run_id, group_key)
    """
  }

  internal func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(members) { $0.runID }
    parameters.bindArray(members) { $0.key }
    parameters.bindArray(groups) { $0.runID }
    parameters.bindArray(groups) { $0.key }
  }
}
