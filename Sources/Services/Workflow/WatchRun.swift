internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store
internal import Synchronization

extension Coordinator {
  internal func watchRun(
    _ request: WatchRunRequest, _ call: ServerCall, _ stream: ResponseStream<WatchRunResponse>
  ) {
    meter.waitBegan()
    Task { [self] in
      do {
        let row = try await findRun(
          namespace: request.namespace, runID: request.runID, workflowID: request.workflowID)
        let watch = RunWatch(
          coordinator: self, runID: row.runID, after: Int64(clamping: request.afterSequence), stream: stream)
        guard let token = hub.onChange(row.runID, { watch.changed() }) else { return stream.finish(.queueFull) }
        call.onCancel { [hub] in hub.remove(row.runID, token) }
        watch.begin { [hub] in hub.remove(row.runID, token) }
      } catch {
        stream.finish(error as? Status ?? Status(StoreError(translating: error)))
      }
    }
  }
}

/// One stream of a run's changes. At each wake-up it reads what is new, in order; one read at a time.
private final class RunWatch: Sendable {
  private struct State {
    var after: Int64
    var isReading = false
    var hasNews = false
    var isOver = false
    var status: Engine.RunStatus?
    var onEnd: (@Sendable () -> Void)?
  }

  private let coordinator: Coordinator
  private let runID: RunID
  private let stream: ResponseStream<WatchRunResponse>
  private let state: Mutex<State>

  init(coordinator: Coordinator, runID: RunID, after: Int64, stream: ResponseStream<WatchRunResponse>) {
    self.coordinator = coordinator
    self.runID = runID
    self.stream = stream
    state = Mutex(State(after: after))
  }

  func begin(onEnd: @escaping @Sendable () -> Void) {
    state.withLock { $0.onEnd = onEnd }
    changed()
  }

  func changed() {
    let starts = state.withLock { state in
      state.hasNews = true
      guard !state.isReading, !state.isOver else { return false }
      state.isReading = true
      return true
    }
    if starts { Task { await read() } }
  }

  private func read() async {
    while takeNews() {
      do {
        try await readOnce()
      } catch {
        end(Status(StoreError(translating: error)))
      }
    }
  }

  /// Whether there is something to read; if not, the reading is over.
  private func takeNews() -> Bool {
    state.withLock { state in
      state.isReading = state.hasNews && !state.isOver
      state.hasNews = false
      return state.isReading
    }
  }

  private func readOnce() async throws {
    let runID = self.runID
    let after = state.withLock { $0.after }
    let (run, steps, attempts) = try await coordinator.store.read { connection in
      let run = try connection.execute(LoadRuns(runIDs: [runID])).rows.first
      let steps = try connection.execute(ListChangedSteps(runID: runID, after: after)).rows
      let attempts = try connection.execute(ListFailedAttempts(runID: runID, after: after)).rows
      return (run, steps, attempts)
    }
    guard let run else { return end(Status.notFound("run", runID.description)) }
    var changes = steps.flatMap { self.changes(of: $0, after: after) } + attempts.map { self.change(of: $0) }
    // The run was read first: what was recorded after that has a higher number, and a wake-up of its own.
    changes = changes.filter { $0.sequence <= UInt64(run.sequence) }.sorted { $0.sequence < $1.sequence }
    // A status may change without a recorded change, such as when a run is parked.
    let told = state.withLock { $0.status }
    if told != run.status, told != nil || run.sequence > after || after == 0 {
      changes.append(
        WatchRunResponse(
          sequence: UInt64(run.sequence), at: Timestamp(run.closedAt ?? run.startedAt ?? run.createdAt),
          change: .run(Run(run, includesPayloads: run.status.isClosed))))
    }
    guard write(changes, status: run.status) else { return }
    if run.status.isClosed { return end(.ok) }
    if coordinator.isDraining {
      end(
        Status(
          .unavailable, "the coordinator is stopping: resume after sequence \(changes.last?.sequence ?? UInt64(after))")
      )
    }
  }

  /// Writes changes in order. False: the client has enough to read for now; it goes on when there is room again.
  private func write(_ changes: [WatchRunResponse], status: Engine.RunStatus) -> Bool {
    for (index, change) in changes.enumerated() {
      let isWritable = stream.write(change)
      let isLast = index + 1 == changes.count
      let isWhole = isLast || changes[index + 1].sequence > change.sequence
      if isWhole { state.withLock { $0.after = max($0.after, Int64(change.sequence)) } }
      guard isWritable || isLast || !isWhole else {
        stream.onWritable { self.changed() }
        return false
      }
    }
    state.withLock { $0.status = status }
    return true
  }

  private func changes(of row: StepRow, after: Int64) -> [WatchRunResponse] {
    var changes: [WatchRunResponse] = []
    if row.scheduledSequence > after, row.kind != .local {
      var scheduled = Step(row)
      scheduled.output = nil
      changes.append(
        WatchRunResponse(
          sequence: UInt64(row.scheduledSequence), at: Timestamp(row.scheduledAt), change: .stepScheduled(scheduled)))
    }
    if let sequence = row.settledSequence, sequence > after {
      changes.append(
        WatchRunResponse(
          sequence: UInt64(sequence), at: row.settledAt.map { Timestamp($0) }, change: .stepSettled(Step(row))))
    }
    return changes
  }

  private func change(of row: AttemptRow) -> WatchRunResponse {
    WatchRunResponse(
      sequence: UInt64(row.sequence), at: row.endedAt.map { Timestamp($0) }, change: .attemptFailed(StepAttempt(row)))
  }

  private func end(_ status: Status) {
    let onEnd = state.withLock { state -> (@Sendable () -> Void)? in
      guard !state.isOver else { return nil }
      state.isOver = true
      return state.onEnd
    }
    guard let onEnd else { return }
    onEnd()
    stream.finish(status)
  }
}
