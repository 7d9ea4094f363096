internal import Engine
internal import GRPC
package import Messages
internal import Store

extension Coordinator {
  internal func describeQueue(
    _ request: DescribeQueueRequest, _ call: ServerCall, _ responder: consuming Responder<DescribeQueueResponse>
  ) {
    responder.answer { [self] in
      let name = try name(request.taskQueue, "task_queue", default: "default")
      let queues = try await queues(namespace: try namespace(request.namespace), taskQueue: name)
      return DescribeQueueResponse(queue: queues.first ?? Queue(taskQueue: name))
    }
  }

  internal func listQueues(
    _ request: ListQueuesRequest, _ call: ServerCall, _ responder: consuming Responder<ListQueuesResponse>
  ) {
    responder.answer { [self] in ListQueuesResponse(queues: try await queues(in: request.namespace)) }
  }

  /// Every queue of a namespace where something waits, is held, or could be taken by a live worker.
  package func queues(in namespace: String) async throws -> [Queue] {
    try await queues(namespace: try self.namespace(namespace), taskQueue: nil)
  }

  private func queues(namespace: String, taskQueue: String?) async throws(StoreError) -> [Queue] {
    var entries: [TaskKey: QueueEntry] = [:]
    for key in try await servedKeys(namespace: namespace) where taskQueue == nil || key.queue == taskQueue {
      entries[key, default: QueueEntry(key)].liveWorkers += 1
    }
    for row in try await store.read(CountReady(namespace: namespace, taskQueue: taskQueue)) {
      entries[row.key, default: QueueEntry(row.key)].ready = UInt64(row.count)
      entries[row.key]?.oldestReadyAt = Timestamp(row.oldestReadyAt)
    }
    for (key, count) in try await store.readScanning(CountLeased(namespace: namespace, taskQueue: taskQueue)) {
      entries[key, default: QueueEntry(key)].leased = UInt64(count)
    }
    return Dictionary(grouping: entries, by: \.key.queue)
      .map { name, entries in
        Queue(taskQueue: name, entries: entries.map(\.value).sorted { $0.order < $1.order })
      }
      .sorted { $0.taskQueue < $1.taskQueue }
  }

  /// The kinds of task that running workers take, once a worker. One that drains takes nothing new.
  internal func servedKeys(namespace: String?) async throws(StoreError) -> [TaskKey] {
    let running = Engine.WorkerStatus.running.rawValue
    return try await store.read(
      ListWorkers(namespace: namespace, statuses: [running], after: "", limit: 100_000)
    ).flatMap(\.keys)
  }
}

extension QueueEntry {
  fileprivate init(_ key: TaskKey) {
    self.init(
      kind: key.kind == .workflow ? "workflow" : "activity",
      type: TypeVersion(type: key.type, version: UInt32(clamping: key.version)))
  }

  /// Workflows before activities, then by name and version.
  fileprivate var order: (Int, String, UInt32) {
    (kind == "workflow" ? 0 : 1, type?.type ?? "", type?.version ?? 0)
  }
}
