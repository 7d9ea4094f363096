internal import Engine
internal import Messages
internal import Postgres
internal import Store

/// Tasks as workers get them and as sessions hold them.
extension Coordinator {
  // MARK: Held

  internal func heldTask(_ token: TaskToken, of run: RunReference) -> HeldTask {
    HeldTask(token: token, run: run, acceptBy: .now + limits.acceptTimeout)
  }

  internal func heldTask(_ step: ClaimedStep, isAccepted: Bool = false) -> HeldTask {
    let now = ContinuousClock.now
    let heartbeat = step.timeouts.heartbeat.map { Duration.milliseconds($0) }
    return HeldTask(
      token: step.token, run: step.run, acceptBy: isAccepted ? nil : now + limits.acceptTimeout,
      deadline: step.remainingMilliseconds.map { now + .milliseconds($0) }, heartbeat: heartbeat,
      heartbeatDeadline: heartbeat.map { now + $0 })
  }

  // MARK: Messages

  internal func message(_ token: TaskToken, of run: RunReference, attempt: Int32) -> WorkerTask {
    WorkerTask(
      token: token.bytes, runID: run.runID.description, workflowID: run.workflowID, workflowType: run.workflowType,
      workflowVersion: UInt32(run.workflowVersion), attempt: UInt32(attempt),
      headers: run.headers.map(Headers.decode) ?? [:], namespace: run.namespace)
  }

  internal func activityTask(_ step: ClaimedStep) -> WorkerTask {
    var task = message(step.token, of: step.run, attempt: step.attempt)
    task.task = .activity(
      ActivityTask(
        activityType: step.activityType, activityVersion: UInt32(step.activityVersion), step: step.stepKey,
        input: Payload(blob: step.input), progress: Payload(blob: step.progress),
        heartbeatTimeout: step.timeouts.heartbeat.map { ProtoDuration(milliseconds: $0) },
        startToCloseTimeout: step.timeouts.startToClose.map { ProtoDuration(milliseconds: $0) }))
    return task
  }

  /// A task for a session that has the function in memory.
  internal func deltaTask(_ token: TaskToken, of run: RunReference, records: [StepRecord]) -> WorkerTask {
    var task = message(token, of: run, attempt: 1)
    task.task = .workflow(WorkflowTask(delta: true, steps: records, seed: Self.seed(of: run.runID)))
    return task
  }

  /// The first task of a run that was just started.
  internal func firstTask(
    _ token: TaskToken, of run: RunReference, input: Payload?, createdAt: PostgresTimestamp
  ) -> WorkerTask {
    var task = message(token, of: run, attempt: 1)
    task.task = .workflow(WorkflowTask(input: input, now: Timestamp(createdAt), seed: Self.seed(of: run.runID)))
    return task
  }

  /// The same for every replay, and unlike any other run's.
  internal static func seed(of runID: RunID) -> UInt64 { runID.low ^ (runID.high &* 0x9E37_79B9_7F4A_7C15) }
}

extension ClaimedStep {
  internal var token: TaskToken { TaskToken(runID: runID, sessionID: sessionID, epoch: epoch, step: stepKey) }
}

/// A run's headers as the store keeps them: a payload's metadata.
internal enum Headers {
  static func encode(_ headers: [String: String]) -> [UInt8]? {
    headers.isEmpty ? nil : Payload(metadata: headers).blob
  }

  static func decode(_ blob: [UInt8]) -> [String: String] { Payload(blob: blob)?.metadata ?? [:] }
}
