internal import Engine
internal import Messages
internal import Store

/// The one way in for reports, whether they come over a stream or a unary call.
extension Coordinator {
  internal func report(_ report: TaskReport, from session: WorkerSession, answer: @escaping Answer) {
    meter.reported(report)
    if let grant = report.grant {
      self.grant(session.id, workflows: Int(grant.workflowSlots), activities: Int(grant.activitySlots))
    }
    guard let token = TaskToken(report.token) else {
      return answer(.rejected(report.reportID, .invalid, "the token was not made by this system"))
    }
    guard token.sessionID == session.id else {
      return answer(.rejected(report.reportID, .leaseLost, "the token belongs to session \(token.sessionID)"))
    }
    switch (report.report, token.step) {
    case (.activity(let activity), let step?):
      let run = session.task(token)?.run
      record(activity, token, step: step, id: report.reportID, run: run, session: session, answer: answer)
    case (.workflow(let workflow), nil):
      if let run = session.task(token)?.run {
        record(workflow, token, id: report.reportID, run: run, session: session, answer: answer)
      } else {
        recordUnknown(workflow, token, id: report.reportID, session: session, answer: answer)
      }
    default: answer(.rejected(report.reportID, .invalid, "the report does not fit its task"))
    }
  }

  /// A task that this coordinator does not know of: another handed it out, or it was recorded before.
  private func recordUnknown(
    _ report: WorkflowReport, _ token: TaskToken, id: UInt64, session: WorkerSession, answer: @escaping Answer
  ) {
    store.read(LoadTaskRuns(runIDs: [token.runID])) { [self] result in
      switch result {
      case .failure(let error): answer(.rejected(id, error))
      case .success(let rows):
        let run =
          rows.first?.run
          ?? RunReference(
            runID: token.runID, namespace: session.namespace, workflowID: "", workflowType: "", workflowVersion: 1,
            taskQueue: "", priority: 0, headers: nil, stickySession: nil)
        record(report, token, id: id, run: run, session: session, answer: answer)
      }
    }
  }

  /// A beat: renews the lease, keeps progress, accepts what it speaks of.
  internal func beat(_ beat: Beat, from session: WorkerSession) {
    session.beat()
    if beat.draining { noteDraining(session) }
    let now = ContinuousClock.now
    for progress in beat.progress {
      guard let token = TaskToken(progress.token), let step = token.step, token.sessionID == session.id else {
        continue
      }
      guard session.progressed(token, now: now) else {
        session.send(.lost(TaskLost(tokens: [progress.token], reason: "the task is no longer this session's")))
        continue
      }
      guard (progress.details?.data.count ?? 0) <= limits.maxPayloadBytes else { continue }
      store.submit(
        .recordProgress(
          RecordProgress(
            runID: token.runID, stepKey: step, epoch: token.epoch, progress: progress.details?.blob)),
        of: session.tenant(of: token)
      ) { _ in }
    }
  }

  internal func accept(_ accepted: TaskAccepted, from session: WorkerSession) {
    for bytes in accepted.tokens { TaskToken(bytes).map { accept($0, of: session) } }
  }

  /// The worker has the task: what there was to tell of it may be told.
  internal func accept(_ token: TaskToken, of session: WorkerSession) {
    if session.accept(token) { tell([token]) }
  }
}

extension WorkerSession {
  /// Whose task it is; nil if the session does not hold it.
  internal func tenant(of token: TaskToken) -> Tenant? { task(token)?.run.tenant }
}
