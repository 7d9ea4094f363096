package import Engine
package import Postgres

/// What workflow tasks carry of their runs.
package struct LoadTaskRuns: LookupStatement {
  package let runIDs: [RunID]

  package init(runIDs: [RunID]) { self.runIDs = runIDs }

  package struct Row: Sendable {
    package var run: RunReference
    package var input: [UInt8]?
    package var attempt: Int32
    package var createdAt: PostgresTimestamp
    package var isCancelRequested: Bool
    package var cancelReason: String?
    package var isLeased: Bool
    package var sessionID: SessionID?
    package var epoch: Int32
    package var hasGroups: Bool
  }

  package static let name = "load_task_runs"
  package static let sql = """
    SELECT r.run_id, r.namespace, r.workflow_id, r.workflow_type, o.workflow_version, r.task_queue, r.priority, r.headers,
           CASE WHEN o.sticky THEN o.session_id END, r.input, r.attempt, r.created_at, o.cancel_requested,
           o.cancel_reason, o.leased, o.session_id, o.lease_epoch,
           EXISTS (SELECT FROM kagzi.groups g WHERE g.run_id = ANY (ARRAY[r.run_id]))
      FROM kagzi.runs r JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[r.run_id])
     WHERE r.run_id = ANY ($1)
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(runIDs) }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      run: RunReference(
        runID: try row.id(0), namespace: try row.string(1), workflowID: try row.string(2),
        workflowType: try row.string(3), workflowVersion: try row.int32(4), taskQueue: try row.string(5),
        priority: try row.int16(6), headers: try row.optionalBytes(7), stickySession: try row.optionalID(8)),
      input: try row.optionalBytes(9), attempt: try row.int32(10), createdAt: try row.timestamp(11),
      isCancelRequested: try row.bool(12), cancelReason: try row.optionalString(13), isLeased: try row.bool(14),
      sessionID: try row.optionalID(15), epoch: try row.int32(16), hasGroups: try row.bool(17))
  }
}
