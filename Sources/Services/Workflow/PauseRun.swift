internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func pauseRun(
    _ request: PauseRunRequest, _ call: ServerCall, _ responder: consuming Responder<PauseRunResponse>
  ) {
    responder.answer { [self] in
      let reason = try text(request.reason, "reason", default: "paused by request")
      let row = try await openRun(namespace: request.namespace, runID: request.runID) {
        try await self.pause($0, reason: reason)
      }
      return PauseRunResponse(runID: row.runID.description)
    }
  }

  internal func resumeRun(
    _ request: ResumeRunRequest, _ call: ServerCall, _ responder: consuming Responder<ResumeRunResponse>
  ) {
    responder.answer { [self] in
      let row = try await openRun(namespace: request.namespace, runID: request.runID) { try await self.resume($0) }
      return ResumeRunResponse(runID: row.runID.description)
    }
  }

  /// Does something to an open run; a closed one is refused.
  private func openRun(
    namespace: String, runID: String, _ body: (RunRow) async throws -> Bool
  ) async throws -> RunRow {
    guard !runID.isEmpty else { throw Status.invalid("run_id", "must not be empty") }
    var row = try await findRun(namespace: namespace, runID: runID, workflowID: "")
    if !row.status.isClosed {
      if try await body(row) { return row }
      // It was closed meanwhile.
      row = try await findRun(namespace: namespace, runID: runID, workflowID: "")
    }
    throw Status.runClosed(row.runID.description, status: row.status.name)
  }
}
