internal import Engine
internal import Messages
internal import Store
internal import Synchronization

/// What comes after an activity's attempt failed, timed out or was lost.
extension Coordinator {
  /// How a failed attempt was followed up.
  internal enum FailureOutcome: Sendable {
    case retried(attempt: Int32, delayMilliseconds: Int64)
    case settled(reason: String)
    /// The guard did not hold.
    case lost(by: String)
  }

  /// Decides about the failure of an activity's current attempt and records it.
  /// - Parameter guard: what must still hold when it is recorded.
  internal func failStep(
    _ runID: RunID, _ stepKey: String, guard: SettleStep.Guard, failure: Failure
  ) async throws(StoreError) -> FailureOutcome {
    guard let step = try await store.read(LookAtStep(runID: runID, stepKey: stepKey)).first else {
      return .lost(by: "the run has no such step any more")
    }
    if case .held(let epoch) = `guard`, let verdict = verdict(on: step, epoch: epoch, failure) {
      return verdict
    }
    let policy = Messages.RetryPolicy(blob: step.policy).map(Engine.RetryPolicy.init) ?? .exponential
    var generator = SystemRandomNumberGenerator()
    var decision = policy.decide(
      after: FailureFacts(failure), attempt: Int(step.attempt),
      elapsedMilliseconds: step.attemptsElapsedMilliseconds, using: &generator)
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
      return outcome ? .settled(reason: reason) : try await changedMeanwhile(runID, stepKey, `guard`, failure)
    }
  }

  /// What a step itself says of a report under `epoch`; nil when the lease may hold. The same failure of the same attempt
  /// is answered as it was recorded; one that a timeout or a lost worker has overtaken is not.
  private func verdict(on step: LookAtStep.Row, epoch: Int32, _ failure: Failure) -> FailureOutcome? {
    guard step.epoch == epoch else { return .lost(by: step.holder) }
    let isRecorded = step.failure.flatMap { Failure(blob: $0) } == failure
    switch step.state {
    case .running: return nil
    case .retrying where isRecorded:
      return .retried(attempt: step.attempt, delayMilliseconds: step.retryDelayMilliseconds ?? 0)
    case .failed where isRecorded: return .settled(reason: "the failure was recorded before")
    default: return .lost(by: step.holder)
    }
  }

  /// The guard did not hold when the decision was to be recorded: another report of the attempt, or a commit whose answer
  /// was lost, came first.
  private func changedMeanwhile(
    _ runID: RunID, _ stepKey: String, _ guard: SettleStep.Guard, _ failure: Failure
  ) async throws(StoreError) -> FailureOutcome {
    guard case .held(let epoch) = `guard`,
      let step = try await store.read(LookAtStep(runID: runID, stepKey: stepKey)).first,
      let verdict = verdict(on: step, epoch: epoch, failure)
    else { return .lost(by: "the step changed meanwhile") }
    if case .retried(_, let delay) = verdict { noteDue(inMilliseconds: delay) }
    return verdict
  }

  private func retry(
    _ runID: RunID, _ stepKey: String, _ guard: SettleStep.Guard, _ step: LookAtStep.Row, _ failure: Failure,
    _ delay: Int64
  ) async throws(StoreError) -> FailureOutcome {
    var retry = RetryStep(
      runID: runID, stepKey: stepKey, guard: `guard`, attempt: step.attempt, failure: failure.blob,
      delayMilliseconds: delay)
    retry.workerID = step.workerID
    guard case .done = try await store.submit(.retryStep(retry), of: step.run?.tenant) else {
      return try await changedMeanwhile(runID, stepKey, `guard`, failure)
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
    // Most members of a group do not wake their run: one slot for all that are on their way.
    let isMember = stepKey.mayNameMember
    let reserves = !isMember || joining.withLock { $0.insert(runID).inserted }
    let reserved =
      reserves ? run.flatMap { reserve($0.taskKey, preferring: $0.stickySession, jumpsQueue: true) } : nil
    settle.reservedSession = reserved
    store.submit(.settleStep(settle), of: run?.tenant) { [self] result in
      if isMember, reserves { joining.withLock { _ = $0.remove(runID) } }
      var result = result
      if case .success(.joined(let joined)) = result {
        follow(joined.effects, of: runID)
        result = .success(.woken(joined.wake))
      }
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
