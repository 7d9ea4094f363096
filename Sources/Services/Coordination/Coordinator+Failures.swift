internal import Engine
internal import Messages
internal import Store

/// What comes after an activity's attempt failed, timed out or was lost.
extension Coordinator {
  /// How a failed attempt was followed up.
  internal enum FailureOutcome: Sendable {
    case retried(attempt: Int32, delayMilliseconds: Int64)
    case settled(reason: String)
    /// Recorded already, by an earlier report of the same attempt.
    case recorded
    /// The guard did not hold.
    case lost(by: String)
  }

  /// Decides about the failure of an activity's current attempt and records it.
  /// - Parameter guard: what must still hold when it is recorded.
  internal func failStep(
    _ runID: RunID, _ stepKey: String, guard: SettleStep.Guard, failure: Failure
  ) async throws(StoreError) -> FailureOutcome {
    guard let step = try await store.read(LookAtStep(runID: runID, stepKey: stepKey)).first else {
      return .lost(by: "there is no such step")
    }
    if case .held(let epoch) = `guard`, let verdict = verdict(on: step, epoch: epoch) { return verdict }
    let policy = Messages.RetryPolicy(blob: step.policy).map(Engine.RetryPolicy.init) ?? .exponential
    var generator = SystemRandomNumberGenerator()
    var decision = policy.decide(
      after: FailureFacts(failure), attempt: Int(step.attempt), elapsedMilliseconds: step.elapsedMilliseconds,
      using: &generator)
    if case .retry(let delay) = decision, let limit = step.scheduleToCloseMilliseconds,
      step.elapsedMilliseconds + delay > limit
    {
      decision = .giveUp(reason: "the schedule-to-close timeout of \(limit) ms would be passed")
    }
    switch decision {
    case .retry(let delay):
      return try await retry(runID, stepKey, `guard`, step, failure, delay)
    case .giveUp(let reason):
      let outcome = try await settle(
        runID, stepKey, guard: `guard`, run: step.run, state: .failed, output: nil, failure: failure)
      return outcome ? .settled(reason: reason) : .lost(by: "the step changed meanwhile")
    }
  }

  /// What a step itself says of a report under `epoch`; nil when the lease may hold.
  private func verdict(on step: LookAtStep.Row, epoch: Int32) -> FailureOutcome? {
    if step.epoch == epoch, step.state == .running { return nil }
    if step.epoch == epoch, step.state == .completed || step.state == .failed || step.state == .retrying {
      return .recorded
    }
    return .lost(by: step.holder)
  }

  private func retry(
    _ runID: RunID, _ stepKey: String, _ guard: SettleStep.Guard, _ step: LookAtStep.Row, _ failure: Failure,
    _ delay: Int64
  ) async throws(StoreError) -> FailureOutcome {
    var retry = RetryStep(
      runID: runID, stepKey: stepKey, guard: `guard`, attempt: step.attempt, failure: failure.blob,
      delayMilliseconds: delay)
    retry.workerID = step.workerID
    guard case .done = try await store.submit(.retryStep(retry)) else {
      return .lost(by: "the step changed meanwhile")
    }
    noteDue(inMilliseconds: delay)
    hub.changed(runID)
    return .retried(attempt: step.attempt + 1, delayMilliseconds: delay)
  }

  /// Settles a step and wakes its run. False: the guard did not hold.
  internal func settle(
    _ runID: RunID, _ stepKey: String, guard: SettleStep.Guard, run: RunReference?, state: Engine.StepState,
    output: Payload?, failure: Failure?, kind: Engine.StepKind = .activity
  ) async throws(StoreError) -> Bool {
    let outcome = try await submitSettle(
      runID, stepKey, guard: `guard`, run: run, state: state, output: output, failure: failure, kind: kind)
    if case .woken = outcome { return true }
    return false
  }

  private func submitSettle(
    _ runID: RunID, _ stepKey: String, guard: SettleStep.Guard, run: RunReference?, state: Engine.StepState,
    output: Payload?, failure: Failure?, kind: Engine.StepKind
  ) async throws(StoreError) -> Outcome {
    let result: Result<Outcome, StoreError> = await withCheckedContinuation { continuation in
      settle(
        runID, stepKey, guard: `guard`, run: run, state: state, output: output, failure: failure, kind: kind
      ) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// The same, calling back on the lane's thread after the run was followed up.
  internal func settle(
    _ runID: RunID, _ stepKey: String, guard: SettleStep.Guard, run: RunReference?, state: Engine.StepState,
    output: Payload?, failure: Failure?, kind: Engine.StepKind = .activity,
    completion: @escaping @Sendable (Result<Outcome, StoreError>) -> Void
  ) {
    var settle = SettleStep(runID: runID, stepKey: stepKey, guard: `guard`, state: state)
    settle.output = output?.blob
    settle.failure = failure?.blob
    let reserved = run.flatMap { reserve($0.taskKey, preferring: $0.stickySession, jumpsQueue: true) }
    settle.reservedSession = reserved
    store.submit(.settleStep(settle)) { [self] result in
      if case .success(.woken(let wake)) = result, let run {
        let record = StepRecord(
          key: stepKey, kind: Messages.StepKind(rawValue: Int32(kind.rawValue)),
          state: Messages.StepState(rawValue: Int32(state.rawValue)), attempt: 1, output: output, failure: failure)
        follow(wake, of: run, reserved: reserved, record: record)
      } else {
        release(reserved, .workflow)
        if case .success(.woken(.ready)) = result { noteRunReady(runID) }
      }
      completion(result)
    }
  }
}

extension LookAtStep.Row {
  /// Who or what has the step now, for a person.
  internal var holder: String {
    switch state {
    case .running: "worker \(workerID ?? "unknown") holds the step now"
    case .ready: "the task was given back and waits for another worker"
    case .retrying: "the attempt was given up; another is due"
    case .completed, .failed: "the step is settled already"
    case .cancelled: "the step was cancelled"
    case .waiting: "the step waits"
    }
  }
}
