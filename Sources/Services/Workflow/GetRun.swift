internal import GRPC
internal import Messages

extension Coordinator {
  internal func getRun(
    _ request: GetRunRequest, _ call: ServerCall, _ responder: consuming Responder<GetRunResponse>
  ) {
    responder.answer { [self] in
      let row = try await findRun(
        namespace: request.namespace, runID: request.runID, workflowID: request.workflowID)
      return GetRunResponse(run: Run(row))
    }
  }
}
