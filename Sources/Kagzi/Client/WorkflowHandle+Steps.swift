internal import Messages

extension WorkflowHandle {
  /// The run's steps, in the order they were scheduled, with what went in and came out unless `includePayloads` is false.
  public func steps(includePayloads: Bool = true) async throws -> [StepDescription] {
    var request = ListStepsRequest(
      namespace: client.namespace, runID: try await resolvedRunID(), includePayloads: includePayloads,
      pageSize: includePayloads ? 100 : 1_000)
    var steps: [StepDescription] = []
    repeat {
      let response = try await client.call(WorkflowService.ListSteps.self, request)
      steps += response.steps.map { StepDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return steps
  }

  /// The attempts of the run's steps, or of one step, oldest first.
  public func attempts(step: String? = nil) async throws -> [AttemptDescription] {
    var request = ListStepAttemptsRequest(
      namespace: client.namespace, runID: try await resolvedRunID(), step: step ?? "", pageSize: 1_000)
    var attempts: [AttemptDescription] = []
    repeat {
      let response = try await client.call(WorkflowService.ListStepAttempts.self, request)
      attempts += response.attempts.map { AttemptDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return attempts
  }
}
