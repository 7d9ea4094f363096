internal import FoundationEssentials
internal import Messages

extension WorkflowHandle {
  /// Parks the run: nothing of it is handed out until it is resumed.
  public func pause(reason: String = "") async throws {
    let request = PauseRunRequest(namespace: client.namespace, runID: try await resolvedRunID(), reason: reason)
    _ = try await client.call(WorkflowService.PauseRun.self, request)
  }

  /// Lets a parked run go on, whoever parked it.
  public func resume() async throws {
    let request = ResumeRunRequest(namespace: client.namespace, runID: try await resolvedRunID())
    _ = try await client.call(WorkflowService.ResumeRun.self, request)
  }

  /// Opens a failed run again: completed steps are kept, failed ones are tried again.
  public func retry() async throws {
    let request = RetryRunRequest(namespace: client.namespace, runID: try await resolvedRunID())
    _ = try await client.call(WorkflowService.RetryRun.self, request)
  }

  /// Starts a new run from a step of this one; what was completed before that step is taken over.
  ///
  /// A call that fails on the way is tried again without a second fork; a `requestID` of one's own makes a whole program's
  /// repetition safe: the same one gives the same run.
  public func fork(
    fromStep step: String, workflowID: String? = nil, version: Int? = nil, requestID: String? = nil
  ) async throws -> WorkflowHandle<Output> {
    try await fork(step, nil, workflowID, version, requestID)
  }

  /// Starts a new run from a step of this one, with another input.
  public func fork(
    fromStep step: String, input: some Encodable & Sendable, workflowID: String? = nil, version: Int? = nil,
    requestID: String? = nil
  ) async throws -> WorkflowHandle<Output> {
    try await fork(step, try PayloadCoding.encode(input), workflowID, version, requestID)
  }

  private func fork(
    _ step: String, _ input: Payload?, _ workflowID: String?, _ version: Int?, _ requestID: String?
  ) async throws -> WorkflowHandle<Output> {
    let request = ForkRunRequest(
      namespace: client.namespace, runID: try await resolvedRunID(), fromStep: step, input: input,
      workflowID: workflowID ?? "", workflowVersion: version.map { UInt32(clamping: $0) },
      requestID: requestID ?? UUID().uuidString.lowercased())
    let response = try await client.call(WorkflowService.ForkRun.self, request)
    return WorkflowHandle(client: client, runID: response.runID, workflowID: workflowID ?? response.runID)
  }

  /// Why the run does not move, and what would move it.
  public func explain() async throws -> RunExplanation {
    let request = ExplainRunRequest(namespace: client.namespace, runID: try await resolvedRunID())
    return RunExplanation(try await client.call(WorkflowService.ExplainRun.self, request))
  }

  /// The run's parallel groups and how far each is, in the order they were opened.
  public func groups() async throws -> [GroupDescription] {
    var request = ListGroupsRequest(namespace: client.namespace, runID: try await resolvedRunID(), pageSize: 1_000)
    var groups: [GroupDescription] = []
    repeat {
      let response = try await client.call(WorkflowService.ListGroups.self, request)
      groups += response.groups.map { GroupDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return groups
  }
}
