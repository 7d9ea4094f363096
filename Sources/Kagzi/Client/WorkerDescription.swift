public import FoundationEssentials
internal import Messages

/// Where a worker stands.
public enum WorkerStatus: String, Sendable, Hashable, CaseIterable {
  /// Connected and taking tasks.
  case running = "RUNNING"
  /// Draining: it takes no new tasks and finishes what runs.
  case shuttingDown = "SHUTTING_DOWN"
  /// It left in good order.
  case stopped = "STOPPED"
  /// Its lease lapsed.
  case crashed = "CRASHED"
  /// A status that this version of the SDK does not know.
  case unknown = "UNKNOWN"

  init(_ status: Messages.WorkerStatus) {
    switch status {
    case .running: self = .running
    case .shuttingDown: self = .shuttingDown
    case .stopped: self = .stopped
    case .crashed: self = .crashed
    case .unspecified, .unrecognized: self = .unknown
    }
  }

  var message: Messages.WorkerStatus {
    switch self {
    case .running: .running
    case .shuttingDown: .shuttingDown
    case .stopped: .stopped
    case .crashed: .crashed
    case .unknown: .unspecified
    }
  }
}

/// A registered worker, of whatever language.
public struct WorkerDescription: Sendable, Hashable {
  /// A workflow or an activity that it serves.
  public struct Served: Sendable, Hashable {
    /// The type's name.
    public var name: String
    /// Its version.
    public var version: Int

    init(_ type: TypeVersion) {
      name = type.type
      version = max(Int(type.version), 1)
    }
  }

  /// Its id.
  public var workerID: String
  /// Its namespace.
  public var namespace: String
  /// Its session.
  public var sessionID: String
  /// Where it stands.
  public var status: WorkerStatus
  /// Why it stands there: who asked it to drain, or how it ended.
  public var statusReason: String
  /// Where it runs.
  public var hostname: String
  /// Its process id.
  public var pid: Int
  /// The queues it serves.
  public var taskQueues: [String]
  /// The workflows it serves.
  public var workflows: [Served]
  /// The activities it serves.
  public var activities: [Served]
  /// Most workflow tasks at a time.
  public var maxConcurrentWorkflows: Int
  /// Most activities at a time.
  public var maxConcurrentActivities: Int
  /// Workflow tasks it holds.
  public var activeWorkflows: Int
  /// Activities it holds.
  public var activeActivities: Int
  /// Labels for operators.
  public var labels: [String: String]
  /// The SDK and its version.
  public var sdk: String
  /// How often it says that it is alive.
  public var heartbeatInterval: Duration?
  /// When it registered.
  public var registeredAt: Date?
  /// When its last heartbeat came, by the database's clock.
  public var lastHeartbeatAt: Date?
  /// When its tasks are given to others, if no heartbeat comes before.
  public var leaseExpiresAt: Date?
  /// When it left or was lost.
  public var endedAt: Date?

  init(_ worker: Messages.Worker) {
    workerID = worker.workerID
    namespace = worker.namespace
    sessionID = worker.sessionID
    status = WorkerStatus(worker.status)
    statusReason = worker.statusReason
    hostname = worker.hostname
    pid = Int(worker.pid)
    taskQueues = worker.taskQueues
    workflows = worker.workflows.map { Served($0) }
    activities = worker.activities.map { Served($0) }
    maxConcurrentWorkflows = Int(worker.workflowSlots)
    maxConcurrentActivities = Int(worker.activitySlots)
    activeWorkflows = Int(worker.activeWorkflows)
    activeActivities = Int(worker.activeActivities)
    labels = worker.labels
    sdk = "\(worker.sdkName) \(worker.sdkVersion)"
    heartbeatInterval = worker.heartbeatInterval.map { Duration($0) }
    registeredAt = worker.registeredAt.map { Date($0) }
    lastHeartbeatAt = worker.lastBeatAt.map { Date($0) }
    leaseExpiresAt = worker.leaseExpiresAt.map { Date($0) }
    endedAt = worker.endedAt.map { Date($0) }
  }
}

/// Something that happened to a worker.
public struct WorkerEvent: Sendable, Hashable {
  /// The worker.
  public var workerID: String
  /// When.
  public var at: Date?
  /// What: STARTED, HEARTBEAT, SHUTDOWN_REQUESTED, SHUTDOWN_COMPLETE, CRASHED, TASK_STARTED, TASK_COMPLETED, TASK_FAILED.
  public var kind: String
  /// More about it.
  public var message: String

  init(_ event: Messages.WorkerEvent) {
    workerID = event.workerID
    at = event.at.map { Date($0) }
    kind = event.kind
    message = event.message
  }
}
