internal import Engine
internal import GRPC
internal import Messages
internal import NIOCore
internal import Store
internal import Synchronization

/// The unary twins of the Work stream: the same rules, a call at a time.
extension Coordinator {
  internal func claimTasks(
    _ request: ClaimTasksRequest, _ call: ServerCall, _ responder: consuming Responder<ClaimTasksResponse>
  ) {
    let reply = responder.detach()
    Task { [self] in
      do {
        let session = try await attachedSession(try sessionID(request.sessionID))
        let wait = request.wait?.duration ?? .seconds(20)
        guard wait > .zero, wait <= .seconds(60) else { throw Status.invalid("wait", "must be up to 60 s") }
        guard request.workflowSlots > 0 || request.activitySlots > 0 else {
          throw Status.invalid("workflow_slots", "ask for at least one slot of a kind")
        }
        let outbox = try unaryOutbox(of: session)
        session.beat()
        dispatch.withLock { $0.revokeSlots(session.id) }
        outbox.wait(reply)
        call.onCancel { outbox.endWait(reply) }
        call.eventLoop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) { outbox.endWait(reply) }
        grant(session.id, workflows: Int(request.workflowSlots), activities: Int(request.activitySlots))
      } catch {
        reply.fail(error as? Status ?? Status(.internal, "\(error)"))
      }
    }
  }

  internal func reportTasks(
    _ request: ReportTasksRequest, _ call: ServerCall, _ responder: consuming Responder<ReportTasksResponse>
  ) {
    responder.answer { [self] in
      guard request.reports.count <= 100 else { throw Status.invalid("reports", "at most 100 in one call") }
      let session = try await attachedSession(try sessionID(request.sessionID))
      session.beat()
      if let accepted = request.accepted { accept(accepted, from: session) }
      var answers: [ReportAnswer] = []
      // In order: a later report may rest on an earlier one.
      for report in request.reports {
        answers.append(
          await withCheckedContinuation { continuation in
            self.report(report, from: session) { continuation.resume(returning: $0) }
          })
      }
      return ReportTasksResponse(answers: answers)
    }
  }

  internal func heartbeat(
    _ call: ServerCall, _ stream: ResponseStream<HeartbeatResponse>
  ) -> any RequestReceiver<HeartbeatRequest> {
    HeartbeatStream(coordinator: self, stream: stream)
  }

  internal func fetchSteps(
    _ request: FetchStepsRequest, _ call: ServerCall, _ responder: consuming Responder<FetchStepsResponse>
  ) {
    responder.answer { [self] in
      guard let token = TaskToken(request.token) else {
        throw Status.invalid("token", "was not made by this system")
      }
      let more = try MoreSteps(request.moreStepsToken)
      let rows = try await store.read(
        LoadMoreTaskSteps(
          runID: token.runID, isDelta: more.isDelta, after: (more.after.sequence, more.after.key), limit: 1_000))
      var size = 0
      var taken = 0
      var records: [StepRecord] = []
      for row in rows {
        size += row.size
        if size > limits.fetchedStepBytes, taken > 0 { break }
        taken += 1
        // Local steps that wait for their next attempt came with the task.
        if row.kind != .local || row.state != .retrying {
          records.append(StepRecord(row, retryDelayMilliseconds: nil))
        }
      }
      let isAll = taken == rows.count && rows.count < 1_000
      let last = isAll ? nil : rows[taken - 1]
      return FetchStepsResponse(
        steps: records,
        moreStepsToken: last.map {
          MoreSteps(isDelta: more.isDelta, after: PageToken(sequence: $0.scheduledSequence, key: $0.key)).text
        } ?? "")
    }
  }

  internal func completeActivity(
    _ request: CompleteActivityRequest, _ call: ServerCall, _ responder: consuming Responder<CompleteActivityResponse>
  ) {
    responder.answer { [self] in
      guard let token = TaskToken(request.token), let step = token.step else {
        throw Status.invalid("token", "is not the token of an activity task")
      }
      let outcome: ActivityReport.Outcome
      switch request.outcome {
      case .output(let output): outcome = .output(output)
      case .failure(let failure): outcome = .failure(failure)
      case nil: throw Status.invalid("outcome", "give an output or a failure")
      }
      let run = try await store.read(LookAtStep(runID: token.runID, stepKey: step)).first?.run
      let answer = await withCheckedContinuation { continuation in
        record(
          ActivityReport(outcome: outcome), token, step: step, id: 0, run: run, session: session(token.sessionID)
        ) { continuation.resume(returning: $0) }
      }
      if let rejection = answer.rejection { throw Status(rejection, token) }
      return CompleteActivityResponse()
    }
  }

  internal func deregisterWorker(
    _ request: DeregisterWorkerRequest, _ call: ServerCall, _ responder: consuming Responder<DeregisterWorkerResponse>
  ) {
    responder.answer { [self] in
      let id = try sessionID(request.sessionID)
      dispatch.withLock { $0.drain(id) }
      try await end(id, reason: request.reason.isEmpty ? "deregistered" : request.reason)
      return DeregisterWorkerResponse()
    }
  }
}

extension Status {
  /// A refused report as a failed call.
  fileprivate init(_ rejection: Rejection, _ token: TaskToken) {
    switch rejection.reason {
    case .leaseLost:
      self = .leaseLost(runID: token.runID.description, step: token.step ?? "", takenBy: rejection.message)
    case .unavailable: self = .unavailable(rejection.message)
    default: self = .invalid("outcome", rejection.message)
    }
  }
}

/// The heartbeat stream of a worker without a Work stream.
private final class HeartbeatStream: RequestReceiver {
  private let coordinator: Coordinator
  private let stream: ResponseStream<HeartbeatResponse>
  private let outbox = Mutex<UnaryOutbox?>(nil)

  init(coordinator: Coordinator, stream: ResponseStream<HeartbeatResponse>) {
    self.coordinator = coordinator
    self.stream = stream
  }

  func receive(_ message: HeartbeatRequest) {
    Task { [self] in
      do {
        let session = try await coordinator.attachedSession(try coordinator.sessionID(message.sessionID))
        let outbox = try coordinator.unaryOutbox(of: session)
        self.outbox.withLock { $0 = outbox }
        let isNew = outbox.attach(stream)
        if let accepted = message.accepted { coordinator.accept(accepted, from: session) }
        coordinator.beat(message.beat ?? Beat(), from: session)
        _ = stream.write(HeartbeatResponse(message: .beat(BeatAnswer(now: nil))))
        if isNew { coordinator.tellAgain(session) }
      } catch {
        stream.finish(error as? Status ?? Status(.internal, "\(error)"))
      }
    }
  }

  func end() {
    cancelled()
    stream.finish(.ok)
  }

  func cancelled() { outbox.withLock { $0 }?.detach(stream) }
}
