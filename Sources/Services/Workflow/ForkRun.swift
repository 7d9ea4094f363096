internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func forkRun(
    _ request: ForkRunRequest, _ call: ServerCall, _ responder: consuming Responder<ForkRunResponse>
  ) {
    responder.answer { [self] in
      guard !request.runID.isEmpty else { throw Status.invalid("run_id", "must not be empty") }
      let namespace = try enabledNamespace(request.namespace)
      let fromStep = try name(request.fromStep, "from_step", limit: limits.maxKeyBytes)
      try check(request.input, "input")
      let requestID = try self.requestID(request.requestID)
      // Looked for first: the answer is the same whatever has become of the source and its version since.
      if let requestID, let runID = try await run(ofRequest: requestID, namespace) {
        return ForkRunResponse(runID: runID.description)
      }
      let source = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let id = newID()
      let workflowID = try name(
        request.workflowID, "workflow_id", limit: limits.maxKeyBytes, default: id.description)
      var fork = ForkRun(
        source: source.runID, runID: id, workflowID: workflowID,
        workflowVersion: try await forkVersion(request.workflowVersion, of: source), fromStep: fromStep)
      fork.input = request.input?.blob
      fork.requestID = requestID
      return ForkRunResponse(runID: try await start(fork, source).description)
    }
  }

  /// The version asked for, which must have been registered; else the source's own.
  private func forkVersion(_ asked: UInt32?, of source: RunRow) async throws -> Int32 {
    guard let asked else { return source.workflowVersion }
    guard asked >= 1, asked <= Int32.max else {
      throw Status.invalid("workflow_version", "must be 1 or more; leave it out for the run's own")
    }
    return try await workflowVersion(
      Int32(asked), of: source.workflowType, namespace: source.namespace, workflowID: source.workflowID)
  }

  private func run(ofRequest requestID: String, _ namespace: String) async throws(StoreError) -> RunID? {
    let find = FindStarted(namespace: namespace, workflowID: "", requestID: requestID)
    return try await store.read(find).first { $0.isSameRequest }?.runID
  }

  /// The run that the fork made, or that its request had made before.
  private func start(_ fork: ForkRun, _ source: RunRow) async throws -> RunID {
    guard try await store.read(LookAtStep(runID: source.runID, stepKey: fork.fromStep)).first != nil else {
      throw Status.notFound("step", fork.fromStep)
    }
    if try await isStarted(fork) { return forked(fork, source) }
    let find = FindStarted(namespace: source.namespace, workflowID: fork.workflowID, requestID: fork.requestID)
    guard let found = try await store.read(find).first, found.isOpen || found.isSameRequest else {
      // What was in the way is gone.
      return try await start(fork, source)
    }
    // Ours, by a commit whose answer was lost.
    if found.runID == fork.runID { return forked(fork, source) }
    if found.isSameRequest { return found.runID }
    throw Status.alreadyStarted(fork.workflowID, runID: found.runID.description)
  }

  /// False: something is in the way, such as the same request, seen before or carried out elsewhere at this moment.
  private func isStarted(_ fork: ForkRun) async throws -> Bool {
    do {
      if case .done = try await store.submit(.forkRun(fork)) { return true }
      return false
    } catch StoreError.constraint("a_request_id_starts_one_run") {
      return false
    }
  }

  private func forked(_ fork: ForkRun, _ source: RunRow) -> RunID {
    var key = source.taskKey
    key.version = fork.workflowVersion
    noteReady(key)
    noteDue(inMilliseconds: 0)
    return fork.runID
  }
}
