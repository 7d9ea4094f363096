internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  /// Starts the run and records the signal in one transaction; if an open run has the workflow id, the signal goes to that.
  internal func signalWithStart(
    _ request: SignalWithStartRequest, _ call: ServerCall, _ responder: consuming Responder<SignalWithStartResponse>
  ) {
    responder.answer { [self] in
      guard var start = request.start else { throw Status.invalid("start", "must be given") }
      guard start.conflictPolicy == .unspecified || start.conflictPolicy == .useExisting else {
        throw Status.invalid("start.conflict_policy", "must be left out or USE_EXISTING")
      }
      start.conflictPolicy = .useExisting
      let signal = try newSignal(
        name: request.signalName, payload: request.payload, requestID: request.requestID)
      return try await signalWithStart(start, signal)
    }
  }

  private func signalWithStart(
    _ start: StartWorkflowRequest, _ signal: NewSignal
  ) async throws -> SignalWithStartResponse {
    let namespace = try self.namespace(start.namespace)
    // A run that closes between the two looks is tried again; one that the start's own request id names stays closed.
    for _ in 0..<10 {
      let started = try await withCheckedThrowingContinuation { continuation in
        self.start(start, signal: signal) { continuation.resume(with: $0.mapError { $0 as any Error }) }
      }
      let runID = try self.runID(started.runID)
      if started.started { return SignalWithStartResponse(runID: started.runID, started: true) }
      guard
        let located = try await store.read(LocateRun(namespace: namespace, runID: runID, workflowID: nil)).first
      else { continue }
      if located.closedStatus == nil {
        if try await record(signal, located) { return SignalWithStartResponse(runID: started.runID) }
      } else if try await isRecorded(signal, runID) {
        return SignalWithStartResponse(runID: started.runID)
      } else if !start.requestID.isEmpty {
        throw Status.runClosed(started.runID, status: located.closedStatus?.name ?? "")
      }
    }
    throw Status.unavailable("the workflow id '\(start.workflowID)' changes hands too fast: try again")
  }
}
