internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func listSteps(
    _ request: ListStepsRequest, _ call: ServerCall, _ responder: consuming Responder<ListStepsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let after = try PageToken(request.pageToken)
      let run = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let rows = try await store.read(
        ListSteps(
          runID: run.runID, after: (after.sequence, after.key), limit: size + 1,
          includesPayloads: request.includePayloads))
      let page = rows.prefix(size)
      let next = page.last.map { PageToken(sequence: $0.scheduledSequence, key: $0.key).text } ?? ""
      return ListStepsResponse(steps: page.map { Step($0) }, nextPageToken: rows.count > size ? next : "")
    }
  }

  internal func listStepAttempts(
    _ request: ListStepAttemptsRequest, _ call: ServerCall, _ responder: consuming Responder<ListStepAttemptsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let after = try PageToken(request.pageToken)
      let run = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let rows = try await store.read(
        ListStepAttempts(
          runID: run.runID, stepKey: request.step.nonEmpty, after: (after.sequence, after.key), limit: size + 1))
      let page = rows.prefix(size)
      let next = page.last.map { PageToken(sequence: $0.sequence, key: $0.stepKey).text } ?? ""
      return ListStepAttemptsResponse(
        attempts: page.map { StepAttempt($0) }, nextPageToken: rows.count > size ? next : "")
    }
  }
}
