internal import FoundationEssentials
internal import Messages

extension Kagzi {
  /// Sends a signal to the open run with this workflow id. A signal that nobody waits for yet is kept.
  ///
  /// Calls that fail on the way are tried again without a second signal; a `requestID` of one's own makes a whole
  /// retried program idempotent. Throws `KagziError`: `notFound`, `refused` if the run is closed, `limit`.
  public func signal(
    workflowID: String, _ name: String, _ payload: some Encodable & Sendable, requestID: String? = nil
  ) async throws {
    try await send(
      SignalWorkflowRequest(
        namespace: namespace, workflowID: workflowID, signalName: name, payload: try PayloadCoding.encode(payload),
        requestID: requestID ?? UUID().uuidString.lowercased()))
  }

  /// Starts the run if no open one has the workflow id, and signals it, in one transaction. `version` nil: as for any
  /// start, the rollout decides, else the default.
  public func signalWithStart<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ input: Input, workflowID: String, signal: String, _ payload: some Encodable & Sendable,
    as output: Output.Type = Output.self, version: Int? = nil, options: StartOptions = StartOptions(),
    requestID: String? = nil
  ) async throws -> WorkflowHandle<Output> {
    var options = options
    options.workflowID = workflowID
    options.conflictPolicy = .useExisting
    let request = SignalWithStartRequest(
      start: options.request(
        namespace: namespace, type: name, version: version, input: try PayloadCoding.encode(input)),
      signalName: signal, payload: try PayloadCoding.encode(payload),
      requestID: requestID ?? UUID().uuidString.lowercased())
    let response = try await knowing(version.map { [$0] } ?? [], .workflow, name) {
      try await self.call(WorkflowService.SignalWithStart.self, request)
    }
    return WorkflowHandle(
      client: self, runID: response.runID, workflowID: workflowID, wasStarted: response.started)
  }

  func send(_ signal: SignalWorkflowRequest) async throws {
    _ = try await call(WorkflowService.SignalWorkflow.self, signal)
  }
}

extension WorkflowHandle {
  /// Sends a signal to the run.
  public func signal(
    _ name: String, _ payload: some Encodable & Sendable, requestID: String? = nil
  ) async throws {
    try await client.send(
      SignalWorkflowRequest(
        namespace: client.namespace, runID: runID, workflowID: keyIfUnresolved, signalName: name,
        payload: try PayloadCoding.encode(payload),
        requestID: requestID ?? UUID().uuidString.lowercased()))
  }

  /// Sends a signal that says nothing but its name.
  public func signal(_ name: String) async throws {
    try await signal(name, NoValue())
  }
}
