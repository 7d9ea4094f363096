internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func cancelRun(
    _ request: CancelRunRequest, _ call: ServerCall, _ responder: consuming Responder<CancelRunResponse>
  ) {
    responder.answer { [self] in
      let row = try await findRun(
        namespace: request.namespace, runID: request.runID, workflowID: request.workflowID)
      let reason = request.reason.isEmpty ? "cancelled by request" : request.reason
      guard !row.status.isClosed, try await cancel(row, reason: reason) else {
        throw Status.runClosed(row.runID.description, status: row.status.name)
      }
      return CancelRunResponse(runID: row.runID.description)
    }
  }

  internal func terminateRun(
    _ request: TerminateRunRequest, _ call: ServerCall, _ responder: consuming Responder<TerminateRunResponse>
  ) {
    responder.answer { [self] in
      let row = try await findRun(
        namespace: request.namespace, runID: request.runID, workflowID: request.workflowID)
      let reason = request.reason.isEmpty ? "terminated by request" : request.reason
      guard !row.status.isClosed, try await end(row.runID, .terminated, kind: .cancelled, reason: reason) else {
        throw Status.runClosed(row.runID.description, status: row.status.name)
      }
      return TerminateRunResponse(runID: row.runID.description)
    }
  }
}
