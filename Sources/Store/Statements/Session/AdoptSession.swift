package import Engine
package import Postgres

/// Takes an open session over for this coordinator and renews its lease. No row: it ended or never was.
package struct AdoptSession: PostgresStatement {
  package let sessionID: SessionID
  package let coordinatorID: UUID

  package init(sessionID: SessionID, coordinatorID: UUID) {
    self.sessionID = sessionID
    self.coordinatorID = coordinatorID
  }

  package struct Row: Sendable {
    package var namespace: String
    package var workerID: String
    package var leaseMilliseconds: Int64
    package var taskQueues: [String]
    package var workflows: [(type: String, version: Int32)]
    package var activities: [(type: String, version: Int32)]
    package var workflowSlots: Int32
    package var activitySlots: Int32
    /// Nil: not kept; a third of the lease.
    package var heartbeatMilliseconds: Int64?
    /// The drain that the worker was asked for, if any.
    package var drain: DrainOrder?
  }

  package static let name = "adopt_session"
  package static let sql = """
    WITH adopted AS (
      UPDATE kagzi.sessions k SET
        coordinator_id = $2, beat_at = statement_timestamp(), expires_at = statement_timestamp() + k.lease_ms * interval '1 ms'
      WHERE k.session_id = $1 AND k.ended_at IS NULL
      RETURNING k.namespace, k.worker_id, k.lease_ms
    )
    SELECT a.namespace, a.worker_id, a.lease_ms, w.task_queues, w.workflow_types, w.workflow_versions, w.activity_types,
           w.activity_versions, w.workflow_slots, w.activity_slots, w.heartbeat_ms,
           w.session_id = $1 AND w.status = 2, w.drain_timeout_ms, coalesce(w.status_reason, ''), w.drains_by_itself
      FROM adopted a JOIN kagzi.workers w ON w.namespace = a.namespace AND w.worker_id = a.worker_id
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(sessionID)
    parameters.bind(coordinatorID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let workflowTypes = try row.array(4, of: String.self)
    let workflowVersions = try row.array(5, of: Int32.self)
    let activityTypes = try row.array(6, of: String.self)
    let activityVersions = try row.array(7, of: Int32.self)
    return Row(
      namespace: try row.string(0), workerID: try row.string(1), leaseMilliseconds: try row.int64(2),
      taskQueues: try row.array(3, of: String.self),
      workflows: zip(workflowTypes, workflowVersions).map { (type: $0, version: $1) },
      activities: zip(activityTypes, activityVersions).map { (type: $0, version: $1) },
      workflowSlots: try row.int32(8), activitySlots: try row.int32(9),
      heartbeatMilliseconds: try row.optionalInt64(10),
      drain: try row.bool(11)
        ? DrainOrder(
          timeoutMilliseconds: try row.optionalInt64(12), reason: try row.string(13), isOwn: try row.bool(14)) : nil)
  }
}
