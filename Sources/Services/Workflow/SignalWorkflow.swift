internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func signalWorkflow(
    _ request: SignalWorkflowRequest, _ call: ServerCall, _ responder: consuming Responder<SignalWorkflowResponse>
  ) {
    responder.answer { [self] in
      let namespace = try self.namespace(request.namespace)
      guard !request.runID.isEmpty || !request.workflowID.isEmpty else {
        throw Status.invalid("run_id", "give a run_id or a workflow_id")
      }
      let id = request.runID.isEmpty ? nil : try self.runID(request.runID)
      let signal = try newSignal(
        name: request.signalName, payload: request.payload, requestID: request.requestID)
      let run = try await self.signal(
        namespace: namespace, runID: id, workflowID: request.workflowID.nonEmpty, signal)
      return SignalWorkflowResponse(runID: run.description)
    }
  }
}
