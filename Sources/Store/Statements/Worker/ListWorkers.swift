package import Engine
package import Postgres

/// A worker as operators see it.
package struct WorkerRow: Sendable {
  package var namespace: String
  package var workerID: String
  package var sessionID: SessionID
  package var status: WorkerStatus
  package var taskQueues: [String]
  package var workflows: [(type: String, version: Int32)]
  package var activities: [(type: String, version: Int32)]
  package var workflowSlots: Int32
  package var activitySlots: Int32
  package var hostname: String
  package var pid: Int64
  package var sdkName: String
  package var sdkVersion: String
  /// JSON object.
  package var labels: String
  package var registeredAt: PostgresTimestamp
  package var beatAt: PostgresTimestamp?
  package var expiresAt: PostgresTimestamp?
  package var endedAt: PostgresTimestamp?
  package var statusReason: String
  package var heartbeatMilliseconds: Int64
  /// How old the last heartbeat is, by the database's clock.
  package var beatAgeMilliseconds: Int64
  /// How long ago it registered and, if it has ended, ended.
  package var registeredAgeMilliseconds: Int64
  package var endedAgeMilliseconds: Int64?

  /// From `workers w LEFT JOIN sessions k`.
  internal static let columns = """
    w.namespace, w.worker_id, w.session_id, w.status, w.task_queues, w.workflow_types, w.workflow_versions, w.activity_types,
          w.activity_versions, w.workflow_slots, w.activity_slots, w.hostname, w.pid, w.sdk_name, w.sdk_version,
          w.labels, w.registered_at, k.beat_at, CASE WHEN w.status < 3 THEN k.expires_at END, w.ended_at,
          coalesce(w.status_reason, ''), coalesce(w.heartbeat_ms, k.lease_ms / 3, 10000),
          (extract(epoch FROM statement_timestamp() - coalesce(k.beat_at, w.registered_at)) * 1000)::bigint,
          (extract(epoch FROM statement_timestamp() - w.registered_at) * 1000)::bigint,
          (extract(epoch FROM statement_timestamp() - w.ended_at) * 1000)::bigint
    """

  internal init(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {
    namespace = try row.string(0)
    workerID = try row.string(1)
    sessionID = try row.id(2)
    guard let status = WorkerStatus(rawValue: try row.int16(3)) else { throw .malformed(column: 3) }
    self.status = status
    taskQueues = try row.array(4, of: String.self)
    workflows = zip(try row.array(5, of: String.self), try row.array(6, of: Int32.self)).map {
      (type: $0, version: $1)
    }
    activities = zip(try row.array(7, of: String.self), try row.array(8, of: Int32.self)).map {
      (type: $0, version: $1)
    }
    workflowSlots = try row.int32(9)
    activitySlots = try row.int32(10)
    hostname = try row.string(11)
    pid = try row.int64(12)
    sdkName = try row.string(13)
    sdkVersion = try row.string(14)
    labels = try row.decode(15, as: PostgresJSONB.self).text
    registeredAt = try row.timestamp(16)
    beatAt = try row.optionalTimestamp(17)
    expiresAt = try row.optionalTimestamp(18)
    endedAt = try row.optionalTimestamp(19)
    statusReason = try row.string(20)
    heartbeatMilliseconds = try row.int64(21)
    beatAgeMilliseconds = try row.int64(22)
    registeredAgeMilliseconds = try row.int64(23)
    endedAgeMilliseconds = try row.optionalInt64(24)
  }
}

/// A page of workers by id.
package struct ListWorkers: PostgresStatement {
  /// Nil: every namespace.
  package let namespace: String?
  /// Any of these; none: all.
  package let statuses: [Int16]
  /// Only workers after this one, or empty.
  package let after: String
  package let limit: Int

  package init(namespace: String?, statuses: [Int16], after: String, limit: Int) {
    self.namespace = namespace
    self.statuses = statuses
    self.after = after
    self.limit = limit
  }

  package static let name = "list_workers"
  package static let sql = """
    SELECT \(WorkerRow.columns)
      FROM kagzi.workers w LEFT JOIN kagzi.sessions k ON k.session_id = w.session_id
     WHERE ($1::text IS NULL OR w.namespace = $1) AND w.worker_id > $3
       AND (cardinality($2::smallint[]) = 0 OR w.status = ANY ($2::smallint[]))
     ORDER BY w.namespace, w.worker_id
     LIMIT $4
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bindArray(statuses)
    parameters.bind(after)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> WorkerRow {
    try WorkerRow(row)
  }
}

/// One worker.
package struct LoadWorker: PostgresStatement {
  package let namespace: String
  package let workerID: String

  package init(namespace: String, workerID: String) {
    self.namespace = namespace
    self.workerID = workerID
  }

  package static let name = "load_worker"
  package static let sql = """
    SELECT \(WorkerRow.columns)
      FROM kagzi.workers w LEFT JOIN kagzi.sessions k ON k.session_id = w.session_id
     WHERE w.namespace = $1 AND w.worker_id = $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(workerID)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> WorkerRow {
    try WorkerRow(row)
  }
}
