package import Engine
package import Postgres

/// The groups that workflow tasks carry: all of a run's, or those that were resolved since its session was told.
package struct LoadTaskGroups: LookupStatement {
  package let runIDs: [RunID]
  package let areDeltas: [Bool]

  package init(runIDs: [RunID], areDeltas: [Bool]) {
    self.runIDs = runIDs
    self.areDeltas = areDeltas
  }

  package struct Row: Sendable {
    package var runID: RunID
    package var group: GroupRow
  }

  package static let name = "load_task_groups"
  package static let sql = """
    SELECT \(GroupRow.columns), g.run_id
      FROM unnest($1::uuid[], $2::boolean[]) AS t (run_id, is_delta)
      JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[t.run_id])
      JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id])
     WHERE NOT t.is_delta OR g.resolved_seq > o.delivered_seq
     ORDER BY t.run_id, g.opened_seq
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(runIDs)
    parameters.bindArray(areDeltas)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(runID: try row.id(6), group: try GroupRow(row))
  }
}

/// Resolved groups of a run among some keys.
package struct LoadResolvedGroups: LookupStatement {
  package let runID: RunID
  package let keys: [String]

  package init(runID: RunID, keys: [String]) {
    self.runID = runID
    self.keys = keys
  }

  package static let name = "load_resolved_groups"
  package static let sql = """
    SELECT \(GroupRow.columns) FROM kagzi.groups g
     WHERE g.run_id = $1 AND g.group_key = ANY ($2) AND g.verdict IS NOT NULL ORDER BY g.opened_seq
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bindArray(keys)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> GroupRow {
    try GroupRow(row)
  }
}
