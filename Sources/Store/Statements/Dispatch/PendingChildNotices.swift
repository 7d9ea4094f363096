internal import Engine
package import Postgres

/// Notices between parents and children that nobody has seen to: what was lost with a coordinator. Oldest first.
package struct PendingChildNotices: PostgresStatement {
  /// Younger ones are still on their way.
  package let minimumAgeMilliseconds: Int64
  package let limit: Int

  package init(minimumAgeMilliseconds: Int64, limit: Int) {
    self.minimumAgeMilliseconds = minimumAgeMilliseconds
    self.limit = limit
  }

  package enum Row: Sendable {
    /// A child closed or was never started; its parent is open.
    case ended(EndedChild)
    case stranded(StrandedChild)
    /// There is nothing to tell any more.
    case moot(ChildNotice)
  }

  package static let name = "pending_child_notices"
  package static let sql = """
    SELECT n.run_id, n.kind, n.parent_run_id, n.parent_step, n.failure, coalesce(c.first_run_id, n.run_id), c.workflow_id,
           c.status, c.output, c.failure, p.run_id, p.namespace, p.workflow_id, p.workflow_type, p.workflow_version,
           p.task_queue, p.priority, CASE WHEN p.sticky THEN p.session_id END
      FROM kagzi.child_notices n
      LEFT JOIN kagzi.runs c ON n.kind = 1 AND c.run_id = ANY (ARRAY[n.run_id])
      LEFT JOIN kagzi.open_runs p ON p.run_id = ANY (ARRAY[n.parent_run_id])
     WHERE n.created_at <= clock_timestamp() - $1 * interval '1 ms'
     ORDER BY n.created_at
     LIMIT $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(minimumAgeMilliseconds)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runID = try row.id(0)
    let step = try row.string(3)
    guard try row.int16(1) == ChildNotice.Kind.ended.rawValue else {
      return .stranded(StrandedChild(childRunID: runID, parentRunID: try row.id(2), parentStep: step))
    }
    guard let parentID = try row.optionalID(10) else { return .moot(ChildNotice(runID: runID, kind: .ended)) }
    let parent = RunReference(
      runID: parentID, namespace: try row.string(11), workflowID: try row.string(12), workflowType: try row.string(13),
      workflowVersion: try row.int32(14), taskQueue: try row.string(15), priority: try row.int16(16), headers: nil,
      stickySession: try row.optionalID(17))
    var child = EndedChild(
      runID: runID, workflowID: try row.optionalString(6) ?? "",
      status: try row.optionalInt16(7).flatMap(RunStatus.init(rawValue:)), firstRunID: try row.id(5), parent: parent,
      parentStep: step)
    child.output = try row.optionalBytes(8)
    let unstarted = try row.optionalBytes(4)
    let failure = try row.optionalBytes(9)
    child.failure = failure ?? unstarted
    // A run that is open again was retried; its next end makes a notice of its own.
    let isMoot = child.status == nil && child.failure == nil
    return isMoot ? .moot(ChildNotice(runID: runID, kind: .ended)) : .ended(child)
  }
}
