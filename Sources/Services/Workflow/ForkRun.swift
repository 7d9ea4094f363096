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
      _ = try enabledNamespace(request.namespace)
      let fromStep = try name(request.fromStep, "from_step", limit: limits.maxKeyBytes)
      try check(request.input, "input")
      let source = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let id = newID()
      let workflowID = try name(
        request.workflowID, "workflow_id", limit: limits.maxKeyBytes, default: id.description)
      var fork = ForkRun(
        source: source.runID, runID: id, workflowID: workflowID,
        workflowVersion: try await forkVersion(request.workflowVersion, of: source), fromStep: fromStep)
      fork.input = request.input?.blob
      try await start(fork, source)
      return ForkRunResponse(runID: id.description)
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

  private func start(_ fork: ForkRun, _ source: RunRow) async throws {
    guard try await store.read(LookAtStep(runID: source.runID, stepKey: fork.fromStep)).first != nil else {
      throw Status.notFound("step", fork.fromStep)
    }
    if case .done = try await store.submit(.forkRun(fork)) { return forked(fork, source) }
    let found = try await findRun(namespace: source.namespace, runID: "", workflowID: fork.workflowID)
    // Ours, by a commit whose answer was lost.
    if found.runID == fork.runID { return forked(fork, source) }
    throw Status.alreadyStarted(fork.workflowID, runID: found.runID.description)
  }

  private func forked(_ fork: ForkRun, _ source: RunRow) {
    var key = source.taskKey
    key.version = fork.workflowVersion
    noteReady(key)
    noteDue(inMilliseconds: 0)
  }
}
