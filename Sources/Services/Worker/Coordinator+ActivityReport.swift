internal import Engine
internal import GRPC
internal import Messages
internal import Store
internal import Synchronization

/// Recording activity reports.
extension Coordinator {
  internal func record(
    _ report: ActivityReport, _ token: TaskToken, step: String, id reportID: UInt64, run: RunReference?,
    session: WorkerSession?, answer: @escaping Answer
  ) {
    if let session { accept(token, of: session) }
    switch report.outcome {
    case .output(let output):
      if output.data.count > limits.maxPayloadBytes {
        return answer(
          .rejected(
            reportID, .invalid,
            "the output has \(output.data.count) bytes: at most \(limits.maxPayloadBytes) are allowed"))
      }
      settle(token, step, reportID, run, session, state: .completed, output: output, failure: nil, answer)
    case .cancelled(let cancelled):
      let failure = Failure(
        kind: .cancelled, message: cancelled.message.isEmpty ? "the activity was cancelled" : cancelled.message)
      settle(token, step, reportID, run, session, state: .cancelled, output: nil, failure: failure, answer)
    case .failure(let failure):
      if let size = failure.details?.data.count, size > limits.maxPayloadBytes {
        return answer(
          .rejected(
            reportID, .invalid,
            "the failure's details have \(size) bytes: at most \(limits.maxPayloadBytes) are allowed"))
      }
      fail(token, step, reportID, failure, session, answer)
    case .completesLater:
      detach(token, step, reportID, session, answer)
    case .giveBack(let giveBack):
      giveBackStep(token, step, reportID, giveBack, session, answer)
    case nil:
      answer(.rejected(reportID, .invalid, "the report says not how the activity ended"))
    }
  }

  private func settle(
    _ token: TaskToken, _ step: String, _ reportID: UInt64, _ run: RunReference?, _ session: WorkerSession?,
    state: Engine.StepState, output: Payload?, failure: Failure?, _ answer: @escaping Answer
  ) {
    settle(
      token.runID, step, guard: .held(epoch: token.epoch), run: run, state: state, output: output, failure: failure
    ) { [self] result in
      guard case .success(.woken) = result else {
        return lookAtRefusal(result, token, step, reportID, session, answer) { $0.state == state }
      }
      session?.remove(token)
      answer(.decided(reportID, step, .recorded(Recorded())))
    }
  }

  private func fail(
    _ token: TaskToken, _ step: String, _ reportID: UInt64, _ failure: Failure, _ session: WorkerSession?,
    _ answer: @escaping Answer
  ) {
    Task { [self] in
      do {
        let outcome = try await failStep(token.runID, step, guard: .held(epoch: token.epoch), failure: failure)
        session?.remove(token)
        switch outcome {
        case .retried(let attempt, let delay):
          let retry = Retry(nextAttempt: UInt32(attempt), delay: ProtoDuration(milliseconds: delay))
          answer(.decided(reportID, step, .retry(retry)))
        case .settled(let reason):
          answer(.decided(reportID, step, .failedForGood(FailedForGood(reason: reason))))
        case .lost(let holder): answer(.rejected(reportID, .leaseLost, holder))
        }
      } catch {
        answer(.rejected(reportID, StoreError(translating: error)))
      }
    }
  }

  private func detach(
    _ token: TaskToken, _ step: String, _ reportID: UInt64, _ session: WorkerSession?, _ answer: @escaping Answer
  ) {
    let detach = DetachStep(runID: token.runID, stepKey: step, epoch: token.epoch)
    store.submit(.parkStep(detach), of: session?.tenant(of: token)) { [self] result in
      guard case .success(.done) = result else {
        return lookAtRefusal(result, token, step, reportID, session, answer) { _ in false }
      }
      noteDue(inMilliseconds: 0)
      session?.remove(token)
      answer(.decided(reportID, step, .recorded(Recorded())))
    }
  }

  private func giveBackStep(
    _ token: TaskToken, _ step: String, _ reportID: UInt64, _ giveBack: GiveBack, _ session: WorkerSession?,
    _ answer: @escaping Answer
  ) {
    // A worker that stops hands its tasks on at once; one that cannot do this one should not get it again at once.
    let isStopping = session.map { session in dispatch.withLock { $0.isDraining(session.id) } } ?? false
    let delay: Int64 = isStopping ? 0 : 1_000
    let release = ReleaseStep(runID: token.runID, stepKey: step, epoch: token.epoch, delayMilliseconds: delay)
    store.submit(.releaseStep(release), of: session?.tenant(of: token)) { [self] result in
      guard case .success(.done) = result else {
        return lookAtRefusal(result, token, step, reportID, session, answer) { _ in false }
      }
      session?.remove(token)
      answer(.decided(reportID, step, .recorded(Recorded())))
      if delay > 0 { noteDue(inMilliseconds: delay) } else { noteStepReady(token.runID, step) }
    }
  }

  /// The report was not recorded now: it may have been before, or the lease is lost.
  /// - Parameter isRecorded: whether the step, still under the report's epoch, is as the report leaves it.
  private func lookAtRefusal(
    _ result: Result<Outcome, StoreError>, _ token: TaskToken, _ step: String, _ reportID: UInt64,
    _ session: WorkerSession?, _ answer: @escaping Answer, isRecorded: @escaping @Sendable (LookAtStep.Row) -> Bool
  ) {
    if case .failure(let error) = result { return answer(.rejected(reportID, error)) }
    store.read(LookAtStep(runID: token.runID, stepKey: step)) { result in
      switch result {
      case .failure(let error): answer(.rejected(reportID, error))
      case .success(let rows):
        session?.remove(token)
        guard let row = rows.first else {
          // Another attempt of the run has dropped it.
          return answer(.rejected(reportID, .leaseLost, "the run has no step '\(step)' any more"))
        }
        if row.epoch == token.epoch, isRecorded(row) {
          answer(.decided(reportID, step, .recorded(Recorded())))
        } else {
          answer(.rejected(reportID, .leaseLost, row.holder))
        }
      }
    }
  }
}

extension ReportAnswer {
  internal static func decided(_ id: UInt64, _ step: String, _ decision: StepDecision.Decision) -> ReportAnswer {
    ReportAnswer(reportID: id, decisions: [StepDecision(key: step, decision: decision)])
  }
}
