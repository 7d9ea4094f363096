internal import Messages

/// Task queues: what waits for workers, and who serves it: `kagzi.queues`.
public struct Queues: Sendable {
  let client: Kagzi

  /// One queue; without entries if nobody has used it.
  public func get(_ name: String = "default") async throws -> QueueDescription {
    let request = DescribeQueueRequest(namespace: client.namespace, taskQueue: name)
    let response = try await client.call(AdminService.DescribeQueue.self, request)
    return QueueDescription(response.queue ?? Queue(taskQueue: name))
  }

  /// All queues, by name.
  public func list() async throws -> [QueueDescription] {
    try await client.call(AdminService.ListQueues.self, ListQueuesRequest(namespace: client.namespace)).queues
      .map { QueueDescription($0) }
  }

  /// The coordinator's counters and gauges, by name.
  public func stats() async throws -> [String: Double] {
    try await client.call(AdminService.GetStats.self, GetStatsRequest(namespace: client.namespace)).values
  }
}

extension Kagzi {
  /// What waits for workers, and who serves it.
  public var queues: Queues { Queues(client: self) }
}
