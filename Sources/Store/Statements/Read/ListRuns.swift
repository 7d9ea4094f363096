package import Engine
package import Postgres

/// Chooses runs; nil fields choose all.
package struct RunSelection: Sendable {
  package var namespace: String
  package var statuses: [Int16] = []
  package var workflowType: String?
  package var workflowVersion: Int32?
  package var workflowID: String?
  package var workflowIDPrefix: String?
  package var taskQueue: String?
  /// JSON object that a run's tags must contain.
  package var tags: String?
  package var createdAfter: PostgresTimestamp?
  package var createdBefore: PostgresTimestamp?
  package var parentRunID: RunID?

  package init(namespace: String) { self.namespace = namespace }

  /// The condition over `runs r LEFT JOIN open_runs o`, from $1 on.
  internal static let condition = """
    r.namespace = $1
       AND (cardinality($2::smallint[]) = 0 OR coalesce(r.status, \(RunRow.openStatus)) = ANY ($2::smallint[]))
       AND ($3::text IS NULL OR r.workflow_type = $3)
       AND ($4::integer IS NULL OR r.workflow_version = $4)
       AND ($5::text IS NULL OR r.workflow_id = $5)
       AND ($6::text IS NULL OR starts_with(r.workflow_id, $6))
       AND ($7::text IS NULL OR r.task_queue = $7)
       AND ($8::jsonb IS NULL OR r.tags @> $8)
       AND ($9::timestamptz IS NULL OR r.created_at >= $9)
       AND ($10::timestamptz IS NULL OR r.created_at < $10)
       AND ($11::uuid IS NULL OR r.parent_run_id = $11)
       AND ($12::uuid IS NULL OR r.run_id >= $12)
       AND ($13::uuid IS NULL OR r.run_id < $13)
    """

  /// Ids are in the order of creation, as the coordinators' clocks see it: within a day of the database's, they narrow a span
  /// of time down before any row is read.
  private static let clockSlack: Int64 = 86_400_000

  private func idBound(_ instant: PostgresTimestamp?, plus milliseconds: Int64) -> RunID? {
    guard let instant else { return nil }
    return .lowestV7(milliseconds: UInt64(max(0, instant.microseconds / 1_000 + milliseconds)))
  }

  internal func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bindArray(statuses)
    parameters.bind(workflowType)
    parameters.bind(workflowVersion)
    parameters.bind(workflowID)
    parameters.bind(workflowIDPrefix)
    parameters.bind(taskQueue)
    parameters.bind(tags.map(PostgresJSONB.init))
    parameters.bind(createdAfter)
    parameters.bind(createdBefore)
    parameters.bind(parentRunID)
    parameters.bind(idBound(createdAfter, plus: -Self.clockSlack))
    parameters.bind(idBound(createdBefore, plus: Self.clockSlack))
  }
}

/// A page of runs, newest first, without payloads. Unprepared: each filter deserves its own plan.
package struct ListRuns<Source: RunSource>: PostgresStatement {
  package let selection: RunSelection
  /// Only runs older than this one.
  package let before: RunID?
  package let limit: Int

  package init(selection: RunSelection, before: RunID?, limit: Int) {
    self.selection = selection
    self.before = before
    self.limit = limit
  }

  package static var name: String { "" }
  package static var sql: String {
    """
    SELECT \(RunRow.columns), \(RunRow.noPayloadColumns)
      FROM \(Source.tables)
     WHERE \(RunSelection.condition) AND \(Source.condition)
       AND ($14::uuid IS NULL OR \(Source.runID) < $14)
     ORDER BY \(Source.runID) DESC
     LIMIT $15
    """
  }

  package func bind(_ parameters: inout PostgresParameters) {
    selection.bind(&parameters)
    parameters.bind(before)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunRow { try RunRow(row) }
}

/// Numbers of runs by status.
package struct CountRuns<Source: RunSource>: PostgresStatement {
  package let selection: RunSelection

  package init(selection: RunSelection) { self.selection = selection }

  package static var name: String { "" }
  package static var sql: String {
    """
    SELECT coalesce(r.status, \(RunRow.openStatus)) AS status, count(*)
      FROM \(Source.tables)
     WHERE \(RunSelection.condition) AND \(Source.condition)
     GROUP BY 1 ORDER BY 1
    """
  }

  package func bind(_ parameters: inout PostgresParameters) { selection.bind(&parameters) }

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (status: Int32, count: Int64) {
    (try row.int32(0), try row.int64(1))
  }
}
