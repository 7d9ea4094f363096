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

  /// The handle of the open run with this workflow id, else of the newest closed one. Makes no call: each call of the
  /// handle looks for the run anew.
  public func workflowHandle<Output: Decodable & Sendable>(
    workflowID: String, as output: Output.Type
  ) -> WorkflowHandle<Output> {
    WorkflowHandle(client: self, runID: "", workflowID: workflowID)
  }

  /// The same for a run whose output is read with `result(as:)`.
  public func workflowHandle(workflowID: String) -> WorkflowHandle<RawPayload> {
    WorkflowHandle(client: self, runID: "", workflowID: workflowID)
  }

  /// Which coordinator answers, and what it allows.
  public func serverInfo() async throws -> ServerInfo {
    ServerInfo(try await call(AdminService.GetServerInfo.self, GetServerInfoRequest()))
  }

  /// The version of the database's schema, which the coordinator keeps up to date by itself.
  public func schemaVersion() async throws -> Int {
    try await serverInfo().schemaVersion
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
    let response = try await knowing(version.map { [$0] } ?? [], .workflow, name) {
      try await self.call(WorkflowService.StartWorkflow.self, request)
    }
    return WorkflowHandle(client: self, response)
  }

  /// A call that is repeated when it gets lost: reads, and writes that are idempotent. `isIdempotent` false: it is not.
  func call<Method: RPCMethod>(
    _ method: Method.Type, _ request: Method.Request, timeout: Duration = .seconds(30), isIdempotent: Bool = true
  ) async throws -> Method.Response {
    do {
      return try await coordinator.call(method, request, timeout: timeout, isIdempotent: isIdempotent)
    } catch {
      if error.code == .cancelled, Task.isCancelled { throw CancellationError() }
      throw KagziError(error)
    }
  }

  /// A call that answers with a stream. Whoever stops reading, or whose task is cancelled, ends it.
  func stream<Method: RPCMethod, Element: Sendable>(
    _ method: Method.Type, _ request: Method.Request, _ element: @escaping @Sendable (Method.Response) -> Element
  ) -> AsyncThrowingStream<Element, any Error> {
    let responses = coordinator.stream(method, request)
    return AsyncThrowingStream {
      do {
        var iterator = responses.makeAsyncIterator()
        return try await iterator.next().map(element)
      } catch let status as Status {
        if status.code == .cancelled, Task.isCancelled { throw CancellationError() }
        throw KagziError(status)
      }
    }
  }
}
