internal import Messages

extension Kagzi {
  /// Counts runs. Nil matches every type, version or status.
  public func countRuns(
    _ name: String? = nil, version: Int? = nil, status: WorkflowStatus? = nil, tags: [String: String] = [:]
  ) async throws -> Int {
    try await countRuns(RunFilter(statuses: status.map { [$0] } ?? [], workflow: name, version: version, tags: tags))
  }

  /// Counts the runs that the filter matches.
  public func countRuns(_ filter: RunFilter) async throws -> Int {
    Int(clamping: try await counts(filter).total)
  }

  /// Counts runs by status.
  public func countRunsByStatus(
    _ name: String? = nil, version: Int? = nil, tags: [String: String] = [:]
  ) async throws -> [WorkflowStatus: Int] {
    try await countRunsByStatus(RunFilter(workflow: name, version: version, tags: tags))
  }

  /// Counts the runs that the filter matches, by status.
  public func countRunsByStatus(_ filter: RunFilter) async throws -> [WorkflowStatus: Int] {
    Dictionary(
      try await counts(filter).counts.map { (WorkflowStatus($0.status), Int(clamping: $0.count)) },
      uniquingKeysWith: +)
  }

  private func counts(_ filter: RunFilter) async throws -> CountRunsResponse {
    try await call(
      WorkflowService.CountRuns.self, CountRunsRequest(namespace: namespace, filter: filter.message))
  }
}

extension WorkflowStatus {
  var message: RunStatus {
    switch self {
    case .pending: .pending
    case .running: .running
    case .waiting: .waiting
    case .sleeping: .sleeping
    case .paused: .paused
    case .completed: .completed
    case .failed: .failed
    case .cancelled: .cancelled
    case .terminated: .terminated
    case .timedOut: .timedOut
    case .continued: .continued
    case .unknown: .unspecified
    }
  }
}
