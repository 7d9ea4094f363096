internal import Messages

extension Kagzi {
  /// The workers that are running or draining, of every language.
  public func getActiveWorkers() async throws -> [WorkerDescription] {
    try await listWorkers([.running, .shuttingDown])
  }

  /// Workers with any of these statuses; none given: all that are still known.
  public func listWorkers(_ statuses: [WorkerStatus] = []) async throws -> [WorkerDescription] {
    var request = ListWorkersRequest(namespace: namespace, statuses: statuses.map(\.message), pageSize: 1_000)
    var workers: [WorkerDescription] = []
    repeat {
      let response = try await call(AdminService.ListWorkers.self, request)
      workers += response.workers.map { WorkerDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return workers
  }

  /// One worker. Throws `KagziError` with code `notFound` if there is none of that id.
  public func getWorker(_ workerID: String) async throws -> WorkerDescription {
    let response = try await call(
      AdminService.GetWorker.self, GetWorkerRequest(namespace: namespace, workerID: workerID))
    return WorkerDescription(response.worker ?? Messages.Worker())
  }

  /// Workflow tasks that the worker holds at this moment. Suspended workflows do not count.
  public func countActiveWorkflows(_ workerID: String) async throws -> Int {
    try await getWorker(workerID).activeWorkflows
  }

  /// What happened to a worker, newest first. Nil: to all.
  public func getWorkerEvents(_ workerID: String? = nil, limit: Int = 100) async throws -> [WorkerEvent] {
    var request = ListWorkerEventsRequest(
      namespace: namespace, workerID: workerID ?? "", pageSize: UInt32(clamping: min(max(limit, 1), 1_000)))
    var events: [WorkerEvent] = []
    repeat {
      let response = try await call(AdminService.ListWorkerEvents.self, request)
      events += response.events.map { WorkerEvent($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty && events.count < limit
    return Array(events.prefix(limit))
  }

  /// Asks a worker, wherever it is, to take no new tasks, finish what runs, and leave. `timeout`: tasks that run longer
  /// are handed back; nil: the worker's own setting.
  public func drainWorker(_ workerID: String, timeout: Duration? = nil, reason: String = "") async throws {
    let request = DrainWorkerRequest(
      namespace: namespace, workerID: workerID, timeout: timeout.map { ProtoDuration($0) }, reason: reason)
    _ = try await call(AdminService.DrainWorker.self, request)
  }
}
