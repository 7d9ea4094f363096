internal import FoundationEssentials
internal import Logging

/// Settings of a worker, each with a default. `build` makes the worker with what is registered when it starts.
public struct WorkerBuilder: Sendable {
  private let client: Kagzi
  private(set) var configuration: WorkerConfiguration

  init(client: Kagzi) {
    self.client = client
    configuration = WorkerConfiguration(
      workerID: "worker-\(UUID().uuidString.lowercased())", namespace: client.namespace,
      hostname: ProcessFacts.hostname)
  }

  /// The worker's own id, at most 256 bytes. Default: `worker-` and a random UUID.
  public func workerID(_ id: String) -> WorkerBuilder { setting { $0.workerID = id } }

  /// Most workflow tasks at a time; suspended workflows do not count. Default: 10.
  public func maxConcurrentWorkflows(_ count: Int) -> WorkerBuilder {
    setting { $0.maxConcurrentWorkflows = max(count, 0) }
  }

  /// Most activities at a time. Default: 10.
  public func maxConcurrentActivities(_ count: Int) -> WorkerBuilder {
    setting { $0.maxConcurrentActivities = max(count, 0) }
  }

  /// How often the worker says that it is alive, in seconds; at most a third of the lease. Default: 30.
  public func heartbeatIntervalSecs(_ seconds: Int) -> WorkerBuilder {
    setting { $0.heartbeatInterval = .seconds(max(seconds, 1)) }
  }

  /// Kept for compatibility: tasks are pushed, not polled for. In milliseconds; default: 500.
  public func pollIntervalMs(_ milliseconds: Int) -> WorkerBuilder {
    setting { $0.pollInterval = .milliseconds(milliseconds) }
  }

  /// How long running tasks may finish when the worker stops, in seconds. Default: 300.
  public func gracefulShutdownTimeoutSecs(_ seconds: Int) -> WorkerBuilder {
    setting { $0.gracefulShutdownTimeout = .seconds(max(seconds, 0)) }
  }

  /// The tasks of a worker that is silent for this long are given to others, in seconds, 1 to 3,600. Default: 30.
  public func leaseDurationSecs(_ seconds: Int) -> WorkerBuilder {
    setting { $0.leaseDuration = .seconds(min(max(seconds, 1), 3_600)) }
  }

  /// Where the worker runs. Default: the machine's host name.
  public func hostname(_ name: String) -> WorkerBuilder { setting { $0.hostname = name } }

  /// The queues that the worker serves. Default: `default`.
  public func taskQueues(_ queues: [String]) -> WorkerBuilder { setting { $0.taskQueues = queues } }

  /// Labels for operators. Default: none.
  public func labels(_ labels: [String: String]) -> WorkerBuilder { setting { $0.labels = labels } }

  /// How many suspended workflows are kept in memory, so that they go on without a replay. Default: 1,000.
  public func maxCachedWorkflows(_ count: Int) -> WorkerBuilder {
    setting { $0.maxCachedWorkflows = max(count, 0) }
  }

  /// Makes the worker.
  public func build() -> Worker {
    let (client, configuration) = (client, configuration)
    return Worker(configuration: configuration) {
      var logger = client.logger
      logger[metadataKey: "worker"] = "\(configuration.workerID)"
      return WorkSession(
        configuration: configuration, registrations: client.registry.snapshot, coordinator: client.coordinator,
        logger: logger)
    }
  }

  private func setting(_ change: (inout WorkerConfiguration) -> Void) -> WorkerBuilder {
    var builder = self
    change(&builder.configuration)
    return builder
  }
}
