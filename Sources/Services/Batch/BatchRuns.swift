internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func batchRuns(
    _ request: BatchRunsRequest, _ call: ServerCall, _ stream: ResponseStream<BatchRunsResponse>
  ) {
    let task = Task { [self] in
      do {
        try await RunBatch(coordinator: self, request: request, stream: stream).run()
        stream.finish()
      } catch is CancellationError {
        stream.finish(Status(.cancelled, "the batch was stopped"))
      } catch {
        stream.finish(error as? Status ?? Status(StoreError(translating: error)))
      }
    }
    // Whoever asked for the batch has gone, or its deadline has passed: it stops where it is.
    call.onCancel { task.cancel() }
  }
}

/// One batch: it goes through the chosen runs by run id, newest first, a chunk at a time, each change an operation like any
/// other. It holds no state but its place, and stops when its caller goes away; the same batch again does the rest.
private struct RunBatch {
  let coordinator: Coordinator
  let action: BatchRunAction
  let selection: RunSelection
  let isDryRun: Bool
  let maxPerSecond: Int
  let stream: ResponseStream<BatchRunsResponse>

  init(coordinator: Coordinator, request: BatchRunsRequest, stream: ResponseStream<BatchRunsResponse>) throws {
    guard request.all || request.filter.map({ $0 != RunFilter() }) ?? false else {
      throw Status.invalid("all", "must be true to act on every run: the filter is empty")
    }
    self.coordinator = coordinator
    self.stream = stream
    isDryRun = request.dryRun
    maxPerSecond = Int(request.maxPerSecond)
    action = try BatchRunAction(request, coordinator)
    var selection = try coordinator.selection(request.filter, namespace: request.namespace)
    // What the action cannot touch is not meant, unless it is named.
    if selection.statuses.isEmpty { selection.statuses = action.defaultStatuses.map(\.rawValue) }
    self.selection = selection
  }

  func run() async throws {
    // Runs that start from now on are not part of it.
    var before: RunID? = coordinator.newID()
    var progress = BatchProgress(failureLimit: coordinator.limits.maxBatchFailures)
    progress.total = try await coordinator.store.countRuns(selection).reduce(0) { $0 + Int($1.count) }
    stream.write(progress.message(isFinished: isDryRun))
    if isDryRun { return }
    var pace = BatchPace(perSecond: maxPerSecond, chunk: coordinator.limits.batchConcurrency, start: .now)
    while true {
      let rows = try await coordinator.store.listRuns(selection, before: before, limit: pace.chunk)
      guard let last = rows.last else { break }
      before = last.runID
      for failure in try await change(rows) { progress.note(failure) }
      stream.write(progress.message())
      if coordinator.isDraining { throw Status(.unavailable, "the coordinator is stopping: run the batch again") }
      try await Task.sleep(until: pace.next(after: rows.count), clock: .continuous)
    }
    stream.write(progress.message(isFinished: true))
  }

  /// Changes runs side by side; for each, why it could not be changed, or nil.
  private func change(_ rows: [RunRow]) async throws -> [String?] {
    try await withThrowingTaskGroup(of: String?.self) { group in
      for row in rows {
        group.addTask {
          try Task.checkCancellation()
          do {
            try await coordinator.apply(action, to: row)
            return nil
          } catch let status as Status {
            return "run \(row.runID): \(status.message)"
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
