package import Engine
package import Postgres

/// The groups of a run that are not resolved, in the order they were opened.
package struct ListOpenGroups: PostgresStatement {
  package let runID: RunID
  package let limit: Int

  package init(runID: RunID, limit: Int) {
    self.runID = runID
    self.limit = limit
  }

  package static let name = "list_open_groups"
  package static let sql = """
    SELECT group_key, member_count, succeeded + failed, deadline_at
      FROM kagzi.groups WHERE run_id = $1 AND verdict IS NULL
     ORDER BY opened_seq, group_key LIMIT $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunSituation.OpenGroup {
    RunSituation.OpenGroup(
      key: try row.string(0), memberCount: try row.int32(1), settled: try row.int32(2),
      deadlineAt: try row.optionalTimestamp(3)?.microseconds)
  }
}
