internal import GRPC
internal import Messages

extension Kagzi {
  /// Runs that the filter matches, newest first, page by page as they are wanted: at most `limit`, nil: all.
  ///
  ///     for try await run in kagzi.listRuns(RunFilter(statuses: [.failed])) { print(run.workflowID) }
  public func listRuns(
    _ filter: RunFilter = RunFilter(), limit: Int? = nil
  ) -> AsyncThrowingStream<RunDescription, any Error> {
    let pages = RunPages(client: self, filter: filter.message, limit: limit)
    return AsyncThrowingStream { try await pages.next() }
  }

  /// Starts a run for each input, many in one call, and gives a handle or a refusal for each, in the same order: a start
  /// that is refused does not stop the others.
  ///
  /// `workflowIDs` are the runs' own keys, one an input; the options are those of each. Throws `KagziError`: `invalid` for
  /// another number of keys than of inputs, `unavailable`.
  public func startWorkflows<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ inputs: [Input], as output: Output.Type = Output.self, workflowIDs: [String]? = nil,
    version: Int? = nil, _ options: StartOptions = StartOptions()
  ) async throws -> [Result<WorkflowHandle<Output>, KagziError>] {
    if let workflowIDs, workflowIDs.count != inputs.count {
      throw KagziError(.invalid, "\(inputs.count) inputs need as many workflow ids, and not \(workflowIDs.count)")
    }
    var requests = try inputs.map { input in
      options.request(namespace: namespace, type: name, version: version, input: try PayloadCoding.encode(input))
    }
    for (place, workflowID) in (workflowIDs ?? []).enumerated() { requests[place].workflowID = workflowID }
    var results: [Result<WorkflowHandle<Output>, KagziError>] = []
    while results.count < requests.count {
      let batch = Array(requests[results.count...].prefix(Self.startsInOneCall))
      let response = try await call(WorkflowService.StartWorkflows.self, StartWorkflowsRequest(requests: batch))
      guard response.results.count == batch.count else {
        throw KagziError(.other, "The coordinator answered \(response.results.count) of \(batch.count) starts")
      }
      results += response.results.map { result($0) }
    }
    return results
  }

  /// How many starts go out in one call.
  static let startsInOneCall = 500

  private func result<Output>(_ result: StartResult) -> Result<WorkflowHandle<Output>, KagziError> {
    switch result.result {
    case .started(let started): .success(WorkflowHandle(client: self, started))
    case .error(let error):
      .failure(KagziError(Status(StatusCode(rawValue: Int(error.code)) ?? .unknown, error.message)))
    case nil: .failure(KagziError(.other, "The coordinator did not answer this start"))
    }
  }
}

/// Pages of a list of runs, for one reader at a time.
private actor RunPages {
  private let client: Kagzi
  private var request: ListRunsRequest
  private var page: ArraySlice<Run> = []
  private var left: Int
  private var isLast = false

  init(client: Kagzi, filter: Messages.RunFilter, limit: Int?) {
    self.client = client
    left = limit ?? .max
    request = ListRunsRequest(
      namespace: client.namespace, filter: filter, pageSize: UInt32(clamping: min(max(limit ?? 100, 1), 1_000)))
  }

  func next() async throws -> RunDescription? {
    guard left > 0 else { return nil }
    while page.isEmpty, !isLast {
      let response = try await client.call(WorkflowService.ListRuns.self, request)
      page = response.runs[...]
      request.pageToken = response.nextPageToken
      isLast = response.nextPageToken.isEmpty
    }
    left -= 1
    return page.popFirst().map { RunDescription($0) }
  }
}
