internal import GRPC
internal import Messages

extension WorkflowHandle {
  /// The run as it is now, with its input and outcome.
  public func describe() async throws -> RunDescription {
    let request = GetRunRequest(namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved)
    guard let run = try await client.call(WorkflowService.GetRun.self, request).run else {
      throw KagziError(.other, "The coordinator answered without a run")
    }
    return RunDescription(run)
  }

  /// Every change of the run, from the beginning or after a sequence number, until it is closed. Goes on after lost
  /// connections; each change is given once.
  ///
  ///     for try await change in handle.watch() {
  ///       if case .stepSettled(let step) = change.kind { print(step.key) }
  ///     }
  public func watch(afterSequence: Int = 0) -> AsyncThrowingStream<RunChange, any Error> {
    let changes = RunChanges(
      client: client,
      request: WatchRunRequest(
        namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved,
        afterSequence: UInt64(clamping: max(afterSequence, 0))))
    return AsyncThrowingStream { try await changes.next() }
  }
}

/// The changes of a run over as many streams as it takes, for one reader at a time.
private actor RunChanges {
  private let client: Kagzi
  private var request: WatchRunRequest
  private let start: UInt64
  private var stream: ResponseSequence<WatchRunResponse>?
  private var last: UInt64
  /// What was given of the last sequence number: several changes of one commit share it, so that a new stream begins
  /// before it.
  private var given: Set<String> = []
  private var failingSince: ContinuousClock.Instant?
  private var backoff = Backoff()

  init(client: Kagzi, request: WatchRunRequest) {
    self.client = client
    self.request = request
    start = request.afterSequence
    last = start
  }

  func next() async throws -> RunChange? {
    while true {
      do throws(Status) {
        while let response = try await read() {
          failingSince = nil
          backoff.reset()
          if response.sequence != last {
            last = response.sequence
            given = []
          }
          let change = RunChange(response)
          if given.insert(change.subject).inserted { return change }
        }
        return nil
      } catch {
        try await recover(from: error)
      }
    }
  }

  private func read() async throws(Status) -> WatchRunResponse? {
    let responses = stream ?? client.coordinator.stream(WorkflowService.WatchRun.self, request)
    stream = responses
    var iterator = responses.makeAsyncIterator()
    return try await iterator.next()
  }

  private func recover(from status: Status) async throws {
    stream = nil
    request.afterSequence = max(start, last == 0 ? 0 : last - 1)
    if Task.isCancelled { throw CancellationError() }
    let since = failingSince ?? ContinuousClock.now
    failingSince = since
    guard status.code == .unavailable, since.duration(to: .now) < .seconds(30) else { throw KagziError(status) }
    try await Task.sleep(for: backoff.next())
  }
}
