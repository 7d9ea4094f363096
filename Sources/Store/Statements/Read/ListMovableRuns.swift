package import Engine
package import Postgres

/// Open runs of one version, oldest first, a page at a time. Unprepared: each filter deserves its own plan.
package struct ListMovableRuns: PostgresStatement {
  /// Names a type and a version.
  package let selection: RunSelection
  /// Runs behind this one.
  package let after: RunID?
  /// Runs up to this one.
  package let until: RunID
  /// These runs only; none: all.
  package let only: [RunID]
  package let limit: Int

  package init(selection: RunSelection, after: RunID?, until: RunID, only: [RunID] = [], limit: Int) {
    self.selection = selection
    self.after = after
    self.until = until
    self.only = only
    self.limit = limit
  }

  package struct Row: Sendable {
    package var runID: RunID
    package var workflowID: String
    package var sequence: Int64
    package var taskQueue: String
  }

  private static let next = RunSelection.parameterCount + 1
  package static let name = ""
  package static let sql = """
    SELECT o.run_id, o.workflow_id, o.seq, o.task_queue
      FROM \(OpenRuns.tables)
     WHERE \(RunSelection.openCondition)
       AND ($\(next)::uuid IS NULL OR o.run_id > $\(next))
       AND o.run_id <= $\(next + 1)
       AND (cardinality($\(next + 2)::uuid[]) = 0 OR o.run_id = ANY ($\(next + 2)))
     ORDER BY o.run_id
     LIMIT $\(next + 3)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    selection.bind(&parameters)
    parameters.bind(after)
    parameters.bind(until)
    parameters.bindArray(only)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      runID: try row.id(0), workflowID: try row.string(1), sequence: try row.int64(2), taskQueue: try row.string(3))
  }
}

/// How many runs `ListMovableRuns` finds, and the newest of them. No row: none.
package struct CountMovableRuns: PostgresStatement {
  package let selection: RunSelection

  package init(selection: RunSelection) { self.selection = selection }

  package static let name = ""
  package static let sql = """
    WITH movable AS MATERIALIZED (
      SELECT o.run_id FROM \(OpenRuns.tables)
       WHERE \(RunSelection.openCondition)
    )
    SELECT (SELECT count(*) FROM movable), run_id FROM movable ORDER BY run_id DESC LIMIT 1
    """

  package func bind(_ parameters: inout PostgresParameters) { selection.bind(&parameters) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (count: Int64, last: RunID) {
    (try row.int64(0), try row.id(1))
  }
}

extension RunSelection {
  /// How many parameters `condition` takes: what a statement adds comes behind them.
  internal static let parameterCount =
    condition.split(separator: "$").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0

  /// The condition over open runs of one type and version.
  fileprivate static let openCondition = """
    o.namespace = $1 AND o.workflow_type = $3 AND o.workflow_version = $4 AND \(condition)
    """
}
