package import Engine
package import Postgres

/// A worker as it registers.
package struct WorkerRegistration: Sendable {
  package var namespace: String
  package var workerID: String
  package var sessionID: SessionID
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
  package var leaseMilliseconds: Int64
  package var heartbeatMilliseconds: Int64
  package var coordinatorID: UUID

  package init(
    namespace: String, workerID: String, sessionID: SessionID, taskQueues: [String],
    workflows: [(type: String, version: Int32)], activities: [(type: String, version: Int32)], workflowSlots: Int32,
    activitySlots: Int32, hostname: String, pid: Int64, sdkName: String, sdkVersion: String, labels: String,
    leaseMilliseconds: Int64, heartbeatMilliseconds: Int64, coordinatorID: UUID
  ) {
    self.namespace = namespace
    self.workerID = workerID
    self.sessionID = sessionID
    self.taskQueues = taskQueues
    self.workflows = workflows
    self.activities = activities
    self.workflowSlots = workflowSlots
    self.activitySlots = activitySlots
    self.hostname = hostname
    self.pid = pid
    self.sdkName = sdkName
    self.sdkVersion = sdkVersion
    self.labels = labels
    self.leaseMilliseconds = leaseMilliseconds
    self.heartbeatMilliseconds = heartbeatMilliseconds
    self.coordinatorID = coordinatorID
  }
}

extension WorkerRegistration {
  /// The text of the event STARTED.
  internal var startedMessage: String {
    let sdk = [sdkName, sdkVersion].filter { !$0.isEmpty }.joined(separator: " ")
    let place = hostname.isEmpty ? "" : " on \(hostname)"
    return (sdk.isEmpty ? "registered" : "registered with \(sdk)") + place + (pid > 0 ? ", process \(pid)" : "")
  }
}

/// Registers a worker with its types and versions and opens its session. The first version of a type becomes its default.
package struct OpenSession: PostgresStatement {
  package let registration: WorkerRegistration

  package init(registration: WorkerRegistration) { self.registration = registration }

  package static let name = "open_session"
  package static let sql = """
    WITH version AS (
      SELECT DISTINCT 1::smallint AS kind, type, version FROM unnest($6::text[], $7::integer[]) AS v (type, version)
      UNION
      SELECT DISTINCT 2::smallint, type, version FROM unnest($8::text[], $9::integer[]) AS v (type, version)
    ),
    registered_type AS (
      INSERT INTO kagzi.registered_types (namespace, kind, type, default_version)
      SELECT $1, kind, type, min(version) FROM version GROUP BY kind, type ORDER BY kind, type
      ON CONFLICT DO NOTHING
    ),
    registered_version AS (
      INSERT INTO kagzi.registered_versions (namespace, kind, type, version)
      SELECT $1, kind, type, version FROM version ORDER BY kind, type, version
      ON CONFLICT (namespace, kind, type, version) DO UPDATE SET last_registered_at = clock_timestamp()
    ),
    worker AS (
      INSERT INTO kagzi.workers AS w (
        namespace, worker_id, session_id, status, task_queues, workflow_types, workflow_versions, activity_types,
        activity_versions, workflow_slots, activity_slots, hostname, pid, sdk_name, sdk_version, labels, registered_at,
        heartbeat_ms)
      SELECT $1, $2, $3, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, statement_timestamp(), $18
      ON CONFLICT (namespace, worker_id) DO UPDATE SET
        session_id = excluded.session_id, status = 1, task_queues = excluded.task_queues,
        workflow_types = excluded.workflow_types, workflow_versions = excluded.workflow_versions,
        activity_types = excluded.activity_types, activity_versions = excluded.activity_versions,
        workflow_slots = excluded.workflow_slots, activity_slots = excluded.activity_slots,
        hostname = excluded.hostname, pid = excluded.pid, sdk_name = excluded.sdk_name,
        sdk_version = excluded.sdk_version, labels = excluded.labels, registered_at = excluded.registered_at,
        heartbeat_ms = excluded.heartbeat_ms, drain_requested_at = NULL, drains_by_itself = false,
        drain_timeout_ms = NULL, status_reason = NULL, ended_at = NULL
    ),
    event AS (
      INSERT INTO kagzi.worker_events (namespace, worker_id, session_id, kind, at, message)
      SELECT $1, $2, $3, 1, statement_timestamp(), $19
    )
    INSERT INTO kagzi.sessions (session_id, namespace, worker_id, lease_ms, coordinator_id, opened_at, beat_at, expires_at)
    SELECT $3, $1, $2, $4, $17, statement_timestamp(), statement_timestamp(), statement_timestamp() + $4 * interval '1 ms'
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(registration.namespace)
    parameters.bind(registration.workerID)
    parameters.bind(registration.sessionID)
    parameters.bind(registration.leaseMilliseconds)
    parameters.bindArray(registration.taskQueues)
    parameters.bindArray(registration.workflows) { $0.type }
    parameters.bindArray(registration.workflows) { $0.version }
    parameters.bindArray(registration.activities) { $0.type }
    parameters.bindArray(registration.activities) { $0.version }
    parameters.bind(registration.workflowSlots)
    parameters.bind(registration.activitySlots)
    parameters.bind(registration.hostname)
    parameters.bind(registration.pid)
    parameters.bind(registration.sdkName)
    parameters.bind(registration.sdkVersion)
    parameters.bind(PostgresJSONB(registration.labels))
    parameters.bind(registration.coordinatorID)
    parameters.bind(registration.heartbeatMilliseconds)
    parameters.bind(registration.startedMessage)
  }
}

extension OpenSession {
  package typealias Row = Void
}
