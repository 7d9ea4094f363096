internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  /// The run that a request names by run id or workflow id.
  internal func findRun(namespace: String, runID: String, workflowID: String) async throws -> RunRow {
    let namespace = try self.namespace(namespace)
    guard !runID.isEmpty || !workflowID.isEmpty else {
      throw Status.invalid("run_id", "give a run_id or a workflow_id")
    }
    let id = runID.isEmpty ? nil : try self.runID(runID)
    let load = LoadRun(namespace: namespace, runID: id, workflowID: workflowID.isEmpty ? nil : workflowID)
    guard let row = try await store.read(load).first else {
      throw Status.runNotFound(namespace: namespace, runID: runID, workflowID: workflowID)
    }
    return row
  }
}
