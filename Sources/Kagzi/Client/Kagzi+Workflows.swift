internal import GRPC
internal import Messages

extension Kagzi {
  /// Starts a run and gives its handle. Calls that fail on the way are tried again without starting a second run.
  ///
  /// Throws `KagziError`: `alreadyStarted`, `invalid`, `refused`, `limit`, `unavailable`.
  public func startWorkflow<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ input: Input, as output: Output.Type = Output.self, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<Output> {
    try await start(name, nil, try PayloadCoding.encode(input), options)
  }

  /// Starts a run whose output is read later, with `handle.result(as:)`.
  @_disfavoredOverload
  public func startWorkflow<Input: Encodable & Sendable>(
    _ name: String, _ input: Input, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<RawPayload> {
    try await start(name, nil, try PayloadCoding.encode(input), options)
  }

  /// Starts a run without an input.
  public func startWorkflow<Output: Decodable & Sendable>(
    _ name: String, as output: Output.Type, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<Output> {
    try await start(name, nil, PayloadCoding.null, options)
  }

  /// Starts a run without an input, whose output is read later.
  public func startWorkflow(
    _ name: String, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<RawPayload> {
    try await start(name, nil, PayloadCoding.null, options)
  }

  /// Starts a run on a version that was registered. Throws `KagziError` with code `refused` if it never was.
  public func startWorkflowVersion<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ version: Int, _ input: Input, as output: Output.Type = Output.self,
    _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<Output> {
    try await start(name, version, try PayloadCoding.encode(input), options)
  }

  /// Starts a run without an input on a version.
  public func startWorkflowVersion<Output: Decodable & Sendable>(
    _ name: String, _ version: Int, as output: Output.Type, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<Output> {
    try await start(name, version, PayloadCoding.null, options)
  }

  /// Starts a run on a version, whose output is read later.
  @_disfavoredOverload
  public func startWorkflowVersion<Input: Encodable & Sendable>(
    _ name: String, _ version: Int, _ input: Input, _ options: StartOptions = StartOptions()
  ) async throws -> WorkflowHandle<RawPayload> {
    try await start(name, version, try PayloadCoding.encode(input), options)
  }

  /// The handle of a run that was started elsewhere. Makes no call.
  public func workflowHandle<Output: Decodable & Sendable>(
    _ runID: String, as output: Output.Type
  ) -> WorkflowHandle<Output> {
    WorkflowHandle(client: self, runID: runID, workflowID: nil)
  }

  /// The handle of a run that was started elsewhere, whose output is read with `result(as:)`.
  public func workflowHandle(_ runID: String) -> WorkflowHandle<RawPayload> {
    WorkflowHandle(client: self, runID: runID, workflowID: nil)
  }

  /// The version of the database's schema, which the coordinator keeps up to date by itself.
  public func schemaVersion() async throws -> Int {
    Int(try await call(AdminService.GetServerInfo.self, GetServerInfoRequest()).schemaVersion)
  }

  /// Completes an activity that was handed away with `completeLater`.
  public func completeActivity(_ token: ActivityToken, _ output: some Encodable & Sendable) async throws {
    let request = CompleteActivityRequest(token: token.bytes, outcome: .output(try PayloadCoding.encode(output)))
    _ = try await call(WorkerService.CompleteActivity.self, request)
  }

  /// Fails an activity that was handed away; the coordinator decides about a retry.
  public func failActivity(_ token: ActivityToken, _ error: any Error) async throws {
    let failure = StepError(recording: error).failure
    _ = try await call(
      WorkerService.CompleteActivity.self, CompleteActivityRequest(token: token.bytes, outcome: .failure(failure)))
  }

  private func start<Output>(
    _ name: String, _ version: Int?, _ input: Payload, _ options: StartOptions
  ) async throws -> WorkflowHandle<Output> {
    let request = options.request(namespace: namespace, type: name, version: version, input: input)
    let response = try await knowing(version.map { [$0] } ?? [], of: name) {
      try await self.call(WorkflowService.StartWorkflow.self, request)
    }
    return WorkflowHandle(client: self, runID: response.runID, workflowID: response.workflowID)
  }

  /// A call that may be repeated: reads, and writes that are idempotent.
  func call<Method: RPCMethod>(
    _ method: Method.Type, _ request: Method.Request, timeout: Duration = .seconds(30)
  ) async throws -> Method.Response {
    do {
      return try await coordinator.call(method, request, timeout: timeout)
    } catch {
      if error.code == .cancelled, Task.isCancelled { throw CancellationError() }
      throw KagziError(error)
    }
  }
}
