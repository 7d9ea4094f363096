internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func moveRuns(
    _ request: MoveRunsRequest, _ call: ServerCall, _ stream: ResponseStream<MoveRunsResponse>
  ) {
    Task { [self] in
      do {
        var move = try await runMove(request, stream)
        try await move.run()
        stream.finish()
      } catch {
        stream.finish(error as? Status ?? Status(StoreError(translating: error)))
      }
    }
  }

  private func runMove(
    _ request: MoveRunsRequest, _ stream: ResponseStream<MoveRunsResponse>
  ) async throws(Status) -> RunMove {
    let type = try name(request.workflowType, "workflow_type")
    let from = try version(request.fromVersion, "from_version")
    let to = try version(request.toVersion, "to_version")
    guard from != to else { throw .invalid("to_version", "is the version that the runs have") }
    if let filtered = request.filter?.workflowType, !filtered.isEmpty, filtered != type {
      throw .invalid("filter.workflow_type", "is another than workflow_type: leave it out")
    }
    if let filtered = request.filter?.workflowVersion, filtered != request.fromVersion {
      throw .invalid("filter.workflow_version", "is another than from_version: leave it out")
    }
    var selection = try selection(request.filter, namespace: request.namespace)
    selection.workflowType = type
    selection.workflowVersion = from
    _ = try await workflowVersion(to, of: type, namespace: selection.namespace, workflowID: "")
    return RunMove(
      coordinator: self, selection: selection, type: type, from: from, to: to, isDryRun: request.dryRun, stream: stream)
  }
}
