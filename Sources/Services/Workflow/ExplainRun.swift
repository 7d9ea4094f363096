internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store
internal import Synchronization

extension Coordinator {
  internal func explainRun(
    _ request: ExplainRunRequest, _ call: ServerCall, _ responder: consuming Responder<ExplainRunResponse>
  ) {
    responder.answer { [self] in
      guard !request.runID.isEmpty else { throw Status.invalid("run_id", "must not be empty") }
      let row = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let explanation = try await situation(of: row).explanation
      return ExplainRunResponse(
        run: Run(row, includesPayloads: false), reasons: explanation.reasons, remedies: explanation.remedies,
        nextWakeAt: row.nextWakeAt.map { Timestamp($0) })
    }
  }

  /// At most this many steps are explained one by one.
  private static let explainedSteps = 20

  /// Reads what decides whether a run moves.
  private func situation(of run: RunRow) async throws(StoreError) -> RunSituation {
    let limit = Self.explainedSteps
    let (open, steps, groups) = try await store.read { connection in
      (
        try connection.execute(LoadSituation(runID: run.runID)).rows.first,
        try connection.execute(ListOpenSteps(runID: run.runID, limit: limit)).rows,
        try connection.execute(ListOpenGroups(runID: run.runID, limit: limit)).rows
      )
    }
    let workflows = try await liveWorkers(run.namespace, .workflow, [run.workflowType])
    let activities = try await liveWorkers(run.namespace, .activity, steps.compactMap(\.step.activityType))
    var situation = RunSituation(
      status: run.status, supply: WorkerSupply(key: run.taskKey, workers: workflows))
    situation.take(run)
    if let open { situation.take(open) }
    situation.groups = groups
    situation.steps = steps.map { RunSituation.OpenStep($0, workers: activities) }
    return situation
  }

  /// Live workers that registered one of the types, with the free slots of those attached here.
  private func liveWorkers(
    _ namespace: String, _ kind: TaskKind, _ types: [String]
  ) async throws(StoreError) -> [LiveWorker] {
    guard !types.isEmpty else { return [] }
    let rows = try await store.read(ListLiveWorkers(namespace: namespace, kind: kind, types: Array(Set(types))))
    return dispatch.withLock { table in
      rows.map { row in
        var worker = row.worker
        worker.freeSlots = table.freeSlots(row.sessionID, kind)
        return worker
      }
    }
  }
}

extension RunSituation {
  fileprivate mutating func take(_ run: RunRow) {
    statusReason = run.statusReason
    attempt = run.attempt
    closedAt = run.closedAt?.microseconds
    isCancelRequested = run.isCancelRequested
    lastFailure = Failure(blob: run.failure)?.words
  }

  fileprivate mutating func take(_ open: LoadSituation.Row) {
    wasTaken = open.wasTaken
    if open.isLeased {
      holder = Holder(
        workerID: open.workerID ?? "unknown", since: open.leasedAt?.microseconds,
        leaseUntil: open.leaseUntil?.microseconds)
    }
    readySince = open.readyAt?.microseconds
    resumeAt = open.resumeAt?.microseconds
    timeoutAt = open.timeoutAt?.microseconds
    cancelReason = open.cancelReason
    cancelDeadlineAt = open.cancelDeadlineAt?.microseconds
    lastFailure = Failure(blob: open.lastFailure)?.words
    openStepCount = Int(open.openSteps)
  }
}

extension RunSituation.OpenStep {
  fileprivate init(_ row: ListOpenSteps.Row, workers: [LiveWorker]) {
    self.init(key: row.step.key, kind: row.step.kind, state: row.step.state)
    attempt = row.step.attempt
    dueAt = row.step.dueAt?.microseconds
    readySince = row.readyAt?.microseconds
    deadlineAt = row.deadlineAt?.microseconds
    isHeldBack = row.isHeldBack
    childRunID = row.step.childRunID?.description
    signalName = row.step.signalName
    failure = Failure(blob: row.step.failure)?.words
    if let workerID = row.workerID {
      holder = RunSituation.Holder(
        workerID: workerID, since: row.step.startedAt?.microseconds, leaseUntil: row.leaseUntil?.microseconds)
    }
    if let namespace = row.namespace, let queue = row.step.taskQueue, let type = row.step.activityType {
      supply = WorkerSupply(
        key: TaskKey(
          kind: .activity, namespace: namespace, queue: queue, type: type, version: row.step.activityVersion ?? 1),
        workers: workers)
    }
  }
}

extension Failure {
  /// Kind, code and message on one line.
  fileprivate var words: String {
    let kind = Engine.ErrorKind(rawValue: self.kind.rawValue) ?? .unknown
    return "\(kind.name)\(code.isEmpty ? "" : " [\(code)]"): \(message)"
  }
}
