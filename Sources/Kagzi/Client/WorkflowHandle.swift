internal import Messages

/// A run that was started.
public struct WorkflowHandle<Output: Decodable & Sendable>: Sendable {
  let client: Kagzi
  /// The run's id.
  public let runID: String
  private let knownWorkflowID: String?

  init(client: Kagzi, runID: String, workflowID: String?) {
    self.client = client
    self.runID = runID
    knownWorkflowID = workflowID
  }

  /// The run's workflow id. Empty for a handle made from a run id alone.
  public var workflowID: String { knownWorkflowID ?? "" }

  /// Where the run stands.
  public func status() async throws -> WorkflowStatus {
    let request = GetRunRequest(namespace: client.namespace, runID: runID)
    let response = try await client.call(WorkflowService.GetRun.self, request)
    return WorkflowStatus(response.run?.status ?? .unspecified)
  }

  /// Waits until the run is closed, and gives its output. A run that went on as a new one is followed to the last.
  ///
  /// Throws `WorkflowError` if it closed otherwise, `KagziError` if the coordinator refuses or cannot be reached.
  public func result() async throws -> Output {
    try await result(as: Output.self)
  }

  /// Waits until the run is closed, and gives its output as this type.
  public func result<Value: Decodable & Sendable>(as type: Value.Type) async throws -> Value {
    let run = try await waitUntilClosed()
    switch run.status {
    case .completed: return try PayloadCoding.decode(type, from: run.output)
    case .cancelled: throw WorkflowError.cancelled(runID: run.runID, reason: run.statusReason)
    case .terminated: throw WorkflowError.terminated(runID: run.runID, reason: run.statusReason)
    case .timedOut: throw WorkflowError.timedOut(runID: run.runID)
    case .continued: throw WorkflowError.continued(runID: run.runID)
    default:
      let failure = run.failure ?? Failure(kind: .unknown, message: run.statusReason)
      throw WorkflowError.failed(runID: run.runID, StepError(failure))
    }
  }

  /// Asks the run to cancel: the request reaches its code, cleanup still runs, then it closes as cancelled.
  public func cancel(reason: String = "") async throws {
    let request = CancelRunRequest(namespace: client.namespace, runID: runID, reason: reason)
    _ = try await client.call(WorkflowService.CancelRun.self, request)
  }

  /// Closes the run now, without running any more of its code.
  public func terminate(reason: String = "") async throws {
    let request = TerminateRunRequest(namespace: client.namespace, runID: runID, reason: reason)
    _ = try await client.call(WorkflowService.TerminateRun.self, request)
  }

  private func waitUntilClosed() async throws -> Run {
    var request = WaitRunRequest(
      namespace: client.namespace, runID: runID, wait: ProtoDuration(seconds: 60, nanos: 0))
    while true {
      try Task.checkCancellation()
      let response = try await client.call(WorkflowService.WaitRun.self, request, timeout: .seconds(90))
      guard response.closed, let run = response.run else { continue }
      guard run.status == .continued, !run.relatedRunID.isEmpty else { return run }
      request.runID = run.relatedRunID
    }
  }
}
