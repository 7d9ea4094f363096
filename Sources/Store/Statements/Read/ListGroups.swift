package import Engine
package import Postgres

/// A page of a run's groups in the order they were opened.
package struct ListGroups: PostgresStatement {
  package let runID: RunID
  package let after: (sequence: Int64, key: String)
  package let limit: Int

  package init(runID: RunID, after: (sequence: Int64, key: String), limit: Int) {
    self.runID = runID
    self.after = after
    self.limit = limit
  }

  /// A group with all that the API shows.
  package struct Row: Sendable {
    package var group: GroupRow
    package var strategy: GroupStrategy
    package var memberCount: Int32
    package var quorum: Int32
    package var maxConcurrency: Int32
    package var parentStep: String?
    package var openedSequence: Int64
    package var openedAt: PostgresTimestamp
    package var resolvedAt: PostgresTimestamp?
    package var deadlineAt: PostgresTimestamp?
  }

  package static let name = "list_groups"
  package static let sql = """
    SELECT \(GroupRow.columns), g.strategy, g.member_count, g.quorum, g.max_concurrency, g.parent_step, g.opened_seq,
           g.opened_at, g.resolved_at, g.deadline_at
      FROM kagzi.groups g
     WHERE g.run_id = $1 AND (g.opened_seq, g.group_key) > ($2, $3)
     ORDER BY g.opened_seq, g.group_key
     LIMIT $4
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(after.sequence)
    parameters.bind(after.key)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let strategy = GroupStrategy(rawValue: try row.int16(6)) else { throw .malformed(column: 6) }
    return Row(
      group: try GroupRow(row), strategy: strategy, memberCount: try row.int32(7), quorum: try row.int32(8),
      maxConcurrency: try row.int32(9), parentStep: try row.optionalString(10), openedSequence: try row.int64(11),
      openedAt: try row.timestamp(12), resolvedAt: try row.optionalTimestamp(13),
      deadlineAt: try row.optionalTimestamp(14))
  }
}
