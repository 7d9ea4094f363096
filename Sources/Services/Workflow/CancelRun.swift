internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func cancelRun(
    _ request: CancelRunRequest, _ call: ServerCall, _ responder: consuming Responder<CancelRunResponse>
  ) {
    responder.answer { [self] in
      let reason = request.reason.isEmpty ? "cancelled by request" : request.reason
      let runID = try await close(
        namespace: request.namespace, runID: request.runID, workflowID: request.workflowID, as: .cancelled
      ) { try await self.cancel($0, reason: reason) }
      return CancelRunResponse(runID: runID.description)
    }
  }

  internal func terminateRun(
    _ request: TerminateRunRequest, _ call: ServerCall, _ responder: consuming Responder<TerminateRunResponse>
  ) {
    responder.answer { [self] in
      let reason = request.reason.isEmpty ? "terminated by request" : request.reason
      let runID = try await close(
        namespace: request.namespace, runID: request.runID, workflowID: request.workflowID, as: .terminated
      ) { try await self.end($0.runID, .terminated, kind: .cancelled, reason: reason) }
      return TerminateRunResponse(runID: runID.description)
    }
  }

  /// Does what closes a run. Asking again for what has happened already is the same as asking once; a run that is closed
  /// in another way is refused.
  private func close(
    namespace: String, runID: String, workflowID: String, as wanted: Engine.RunStatus,
    _ body: (RunRow) async throws -> Bool
  ) async throws -> RunID {
    var row = try await findRun(namespace: namespace, runID: runID, workflowID: workflowID)
    if !row.status.isClosed {
      if try await body(row) { return row.runID }
      // It was closed meanwhile.
      row = try await findRun(namespace: namespace, runID: row.runID.description, workflowID: "")
    }
    guard row.status == wanted else { throw Status.runClosed(row.runID.description, status: row.status.name) }
    return row.runID
  }
}
