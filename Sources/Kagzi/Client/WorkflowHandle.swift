internal import Messages

/// A run that was started.
public struct WorkflowHandle<Output: Decodable & Sendable>: Sendable {
  let client: Kagzi
  /// The run's id. Empty for a handle made from a workflow id: `describe` tells it.
  public let runID: String
  /// Whether the call that gave this handle started the run. False: the run was there already.
  public let wasStarted: Bool
  private let knownWorkflowID: String?

  init(client: Kagzi, runID: String, workflowID: String?, wasStarted: Bool = true) {
    self.client = client
    self.runID = runID
    self.wasStarted = wasStarted
    knownWorkflowID = workflowID
  }

  init(client: Kagzi, _ response: StartWorkflowResponse) {
    self.init(
      client: client, runID: response.runID, workflowID: response.workflowID, wasStarted: response.started)
  }

  /// The run's workflow id. Empty for a handle made from a run id alone.
  public var workflowID: String { knownWorkflowID ?? "" }

  /// The workflow id, where calls must name the run by it.
  var keyIfUnresolved: String { runID.isEmpty ? workflowID : "" }

  /// The run's id; looks for the run if only its workflow id is known.
  func resolvedRunID() async throws -> String {
    runID.isEmpty ? try await describe().runID : runID
  }

  /// Where the run stands.
  public func status() async throws -> WorkflowStatus {
    try await describe().status
  }

  /// Waits until the run is closed, and gives its output. A run that went on as a new one is followed to the last.
  ///
  /// Throws `WorkflowError` if it closed otherwise, `KagziError` if the coordinator refuses or cannot be reached, with code
  /// `timeout` if the run is still open after `timeout`; it goes on then.
  public func result(timeout: Duration? = nil) async throws -> Output {
    try await result(as: Output.self, timeout: timeout)
  }

  /// Waits until the run is closed, and gives its output as this type.
  public func result<Value: Decodable & Sendable>(as type: Value.Type, timeout: Duration? = nil) async throws -> Value {
    let run = try await waitUntilClosed(timeout)
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
    let request = CancelRunRequest(
      namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved, reason: reason)
    _ = try await client.call(WorkflowService.CancelRun.self, request)
  }

  /// Closes the run now, without running any more of its code.
  public func terminate(reason: String = "") async throws {
    let request = TerminateRunRequest(
      namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved, reason: reason)
    _ = try await client.call(WorkflowService.TerminateRun.self, request)
  }

  private func waitUntilClosed(_ timeout: Duration?) async throws -> Run {
    let end = timeout.map { ContinuousClock.now.advanced(by: $0) }
    var request = WaitRunRequest(namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved)
    while true {
      try Task.checkCancellation()
      let left = end.map { max(ContinuousClock.now.duration(to: $0), .zero) } ?? .seconds(60)
      let wait = min(left, .seconds(60))
      request.wait = ProtoDuration(wait)
      let response = try await client.call(WorkflowService.WaitRun.self, request, timeout: wait + .seconds(30))
      if response.closed, let run = response.run {
        guard run.status == .continued, !run.relatedRunID.isEmpty else { return run }
        request.runID = run.relatedRunID
        request.workflowID = ""
      } else if let timeout, left <= .seconds(60) {
        throw KagziError(.timeout, "The run has not ended within \(timeout)", runID: response.run?.runID ?? runID)
      }
    }
  }
}
