internal import Messages

extension Kagzi {
  /// Counts runs. Nil matches every type, version or status.
  public func countRuns(
    _ name: String? = nil, version: Int? = nil, status: WorkflowStatus? = nil, tags: [String: String] = [:]
  ) async throws -> Int {
    let filter = filter(name, version, status.map { [$0] } ?? [], tags)
    let response = try await call(
      WorkflowService.CountRuns.self, CountRunsRequest(namespace: namespace, filter: filter))
    return Int(clamping: response.total)
  }

  /// Counts runs by status.
  public func countRunsByStatus(
    _ name: String? = nil, version: Int? = nil, tags: [String: String] = [:]
  ) async throws -> [WorkflowStatus: Int] {
    let filter = filter(name, version, [], tags)
    let response = try await call(
      WorkflowService.CountRuns.self, CountRunsRequest(namespace: namespace, filter: filter))
    return Dictionary(
      response.counts.map { (WorkflowStatus($0.status), Int(clamping: $0.count)) }, uniquingKeysWith: +)
  }

  private func filter(
    _ name: String?, _ version: Int?, _ statuses: [WorkflowStatus], _ tags: [String: String]
  ) -> RunFilter {
    RunFilter(
      statuses: statuses.map(\.message), workflowType: name ?? "",
      workflowVersion: version.map { UInt32(clamping: $0) }, tags: tags)
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
