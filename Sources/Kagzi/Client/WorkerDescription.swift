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
  /// Its id.
  public var workerID: String
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
  /// Most workflow tasks at a time.
  public var maxConcurrentWorkflows: Int
  /// Workflow tasks it holds.
  public var activeWorkflows: Int
  /// Activities it holds.
  public var activeActivities: Int
  /// Labels for operators.
  public var labels: [String: String]
  /// The SDK and its version.
  public var sdk: String
  /// When it registered.
  public var registeredAt: Date?
  /// When its last heartbeat came, by the database's clock.
  public var lastHeartbeatAt: Date?

  init(_ worker: Messages.Worker) {
    workerID = worker.workerID
    status = WorkerStatus(worker.status)
    statusReason = worker.statusReason
    hostname = worker.hostname
    pid = Int(worker.pid)
    taskQueues = worker.taskQueues
    maxConcurrentWorkflows = Int(worker.workflowSlots)
    activeWorkflows = Int(worker.activeWorkflows)
    activeActivities = Int(worker.activeActivities)
    labels = worker.labels
    sdk = "\(worker.sdkName) \(worker.sdkVersion)"
    registeredAt = worker.registeredAt.map { Date($0) }
    lastHeartbeatAt = worker.lastBeatAt.map { Date($0) }
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
