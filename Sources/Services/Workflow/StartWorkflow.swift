internal import Engine
internal import GRPC
internal import Messages
internal import Store
internal import Synchronization

/// Starts runs: `StartWorkflow` and `StartWorkflows`.
extension Coordinator {
  internal func startWorkflow(
    _ request: StartWorkflowRequest, _ call: ServerCall, _ responder: consuming Responder<StartWorkflowResponse>
  ) {
    let reply = responder.detach()
    start(request) { result in
      switch result {
      case .success(let response): reply.succeed(response)
      case .failure(let status): reply.fail(status)
      }
    }
  }

  internal func startWorkflows(
    _ request: StartWorkflowsRequest, _ call: ServerCall, _ responder: consuming Responder<StartWorkflowsResponse>
  ) {
    guard (1...limits.maxBatchStarts).contains(request.requests.count) else {
      return responder.fail(.invalid("requests", "must hold 1 to \(limits.maxBatchStarts) starts"))
    }
    responder.answer { [self] in StartWorkflowsResponse(results: await results(of: request.requests)) }
  }

  /// Submits the starts one after the other, so that their run ids rise in the order of the request, and waits for all.
  private func results(of requests: [StartWorkflowRequest]) async -> [StartResult] {
    await withCheckedContinuation { continuation in
      let gathered = Mutex(
        (results: [StartResult](repeating: StartResult(), count: requests.count), missing: requests.count))
      let settled: @Sendable (Int, StartResult) -> Void = { index, result in
        let all: [StartResult]? = gathered.withLock {
          $0.results[index] = result
          $0.missing -= 1
          return $0.missing == 0 ? $0.results : nil
        }
        if let all { continuation.resume(returning: all) }
      }
      for (index, request) in requests.enumerated() {
        start(request) { settled(index, StartResult($0)) }
      }
    }
  }

  internal typealias StartCompletion = @Sendable (Result<StartWorkflowResponse, Status>) -> Void

  /// - Parameter signal: recorded in the same transaction if the run is started now.
  internal func start(
    _ request: StartWorkflowRequest, signal: NewSignal? = nil, completion: @escaping StartCompletion
  ) {
    var start: StartRun
    do {
      start = try startOperation(request)
      start.signal = signal
    } catch {
      return completion(.failure(error))
    }
    do {
      start.workflowVersion = try registry.version(
        start.workflowVersion == 0 ? nil : start.workflowVersion, of: start.workflowType, kind: .workflow,
        namespace: start.namespace, key: start.workflowID)
      submit(start, request, completion)
    } catch {
      startRefusedVersion(start, request, completion)
    }
  }

  /// A version that is refused by what is known here may have been registered elsewhere a moment ago.
  private func startRefusedVersion(
    _ refused: StartRun, _ request: StartWorkflowRequest, _ completion: @escaping StartCompletion
  ) {
    Task { [self] in
      var start = refused
      do throws(Status) {
        start.workflowVersion = try await workflowVersion(
          start.workflowVersion, of: start.workflowType, namespace: start.namespace, workflowID: start.workflowID)
      } catch {
        return completion(.failure(error))
      }
      submit(start, request, completion)
    }
  }

  private func submit(
    _ operation: StartRun, _ request: StartWorkflowRequest, _ completion: @escaping StartCompletion
  ) {
    var start = operation
    let run = RunReference(
      runID: start.runID, namespace: start.namespace, workflowID: start.workflowID, workflowType: start.workflowType,
      workflowVersion: start.workflowVersion, taskQueue: start.taskQueue, priority: start.priority,
      headers: start.headers, stickySession: nil)
    let isDelayed = start.startDelayMilliseconds != nil || start.startAtMicroseconds != nil
    if !isDelayed { start.reservedSession = reserve(run.taskKey, jumpsQueue: false) }
    let reserved = start.reservedSession
    hub.started.starting(start)
    store.submit(.startRun(start), of: run.tenant) { [self, start] result in
      switch result {
      case .success(.started(let createdAt)):
        meter.runStarted()
        hub.started.started(start.runID, at: createdAt)
        if let reserved {
          let token = TaskToken(runID: start.runID, sessionID: reserved, epoch: 1, step: nil)
          deliver(heldTask(token, of: run), firstTask(token, of: run, input: request.input, createdAt: createdAt))
        } else if isDelayed {
          noteDue(inMilliseconds: start.startDelayMilliseconds ?? 0)
        } else {
          noteReady(run.taskKey)
        }
        if let timeout = start.timeoutMilliseconds { noteDue(inMilliseconds: timeout) }
        // After the task, for it is what the caller waits for in the end.
        completion(
          .success(
            StartWorkflowResponse(
              runID: start.runID.description, workflowID: start.workflowID,
              workflowVersion: UInt32(start.workflowVersion), started: true)))
      case .success:
        hub.started.remove(start.runID)
        release(reserved, .workflow)
        settleConflict(start, request, completion)
      case .failure(.constraint("a_request_id_starts_one_run")):
        // The same request was being started on another lane, or coordinator, at this moment.
        hub.started.remove(start.runID)
        release(reserved, .workflow)
        settleConflict(start, request, completion)
      case .failure(let error):
        hub.started.remove(start.runID)
        release(reserved, .workflow)
        completion(.failure(Status(error)))
      }
    }
  }

  /// Something holds the workflow id or the request id: the policies decide.
  private func settleConflict(
    _ start: StartRun, _ request: StartWorkflowRequest, _ completion: @escaping StartCompletion
  ) {
    Task { [self] in
      do {
        let find = FindStarted(
          namespace: start.namespace, workflowID: start.workflowID, requestID: start.requestID)
        guard let found = try await store.read(find).first else {
          // What was in the way is gone.
          return self.start(request, signal: start.signal, completion: completion)
        }
        let isOurs = found.isSameRequest || found.runID == start.runID
        if isOurs || (found.isOpen && request.conflictPolicy == .useExisting) {
          return completion(
            .success(
              StartWorkflowResponse(
                runID: found.runID.description, workflowID: found.workflowID,
                workflowVersion: UInt32(found.workflowVersion), started: found.runID == start.runID)))
        }
        if found.isOpen, request.conflictPolicy == .terminateExisting {
          try await end(
            found.runID, .terminated, kind: .cancelled, reason: "replaced by a new run with the same workflow id")
          return self.start(request, signal: start.signal, completion: completion)
        }
        if !found.isOpen, start.reuse == .allow {
          return self.start(request, signal: start.signal, completion: completion)
        }
        completion(.failure(.alreadyStarted(start.workflowID, runID: found.runID.description)))
      } catch {
        completion(.failure(Status(StoreError(translating: error))))
      }
    }
  }

  // MARK: Reading the request

  internal func startOperation(_ request: StartWorkflowRequest) throws(Status) -> StartRun {
    let namespace = try enabledNamespace(request.namespace)
    let type = try name(request.workflowType, "workflow_type")
    let id = newID()
    var start = StartRun(
      runID: id, namespace: namespace,
      workflowID: try name(request.workflowID, "workflow_id", limit: limits.maxKeyBytes, default: id.description),
      workflowType: type, workflowVersion: 0, taskQueue: try name(request.taskQueue, "task_queue", default: "default"))
    if let version = request.workflowVersion {
      guard version >= 1, version <= Int32.max else {
        throw .invalid("workflow_version", "must be 1 or more; leave it out for the default")
      }
      start.workflowVersion = Int32(version)
    }
    guard (-100...100).contains(request.priority) else { throw .invalid("priority", "must be -100 to 100") }
    start.priority = Int16(request.priority)
    start.requestID = try requestID(request.requestID)
    try check(request.input, "input")
    start.input = request.input?.blob
    start.tags = TagsJSON.encode(try tags(request.tags))
    start.headers = Headers.encode(request.headers)
    if let policy = request.retryPolicy {
      if let flaw = policy.flaw { throw .invalid("retry_policy.\(flaw.field)", flaw.reason) }
      start.policy = policy.blob
    }
    start.timeoutMilliseconds = try positive(request.runTimeout, "run_timeout")
    try setBeginning(of: &start, request)
    start.reuse = StartRun.Reuse(rawValue: Int16(clamping: request.reusePolicy.rawValue)) ?? .allow
    return start
  }

  private func setBeginning(of start: inout StartRun, _ request: StartWorkflowRequest) throws(Status) {
    guard request.startDelay == nil || request.startAt == nil else {
      throw .invalid("start_at", "must not be given together with start_delay")
    }
    if let delay = request.startDelay {
      guard !delay.isNegative else { throw .invalid("start_delay", "must not be negative") }
      if delay.milliseconds > 0 { start.startDelayMilliseconds = delay.milliseconds }
    }
    if let instant = request.startAt {
      guard let microseconds = instant.microseconds else {
        throw .invalid("start_at", "must be within the years 1 to 9999")
      }
      start.startAtMicroseconds = microseconds
    }
  }

  private func tags(_ tags: [String: String]) throws(Status) -> [String: String] {
    guard tags.count <= limits.maxTags else { throw .invalid("tags", "may hold at most \(limits.maxTags)") }
    for (key, value) in tags where key.utf8.count > limits.maxNameBytes || value.utf8.count > limits.maxNameBytes {
      throw .invalid("tags", "'\(key.prefix(40))' has more than \(limits.maxNameBytes) bytes")
    }
    return tags
  }
}

extension StartResult {
  fileprivate init(_ result: Swift.Result<StartWorkflowResponse, Status>) {
    switch result {
    case .success(let response): self.init(result: .started(response))
    case .failure(let status):
      let error = StartError(code: UInt32(status.code.rawValue), message: status.message)
      self.init(result: .error(error))
    }
  }
}
