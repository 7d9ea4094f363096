internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func getWorker(
    _ request: GetWorkerRequest, _ call: ServerCall, _ responder: consuming Responder<GetWorkerResponse>
  ) {
    responder.answer { [self] in
      let row = try await worker(request.workerID, in: try namespace(request.namespace))
      return GetWorkerResponse(worker: Worker(row, held: try await held(by: [row])[row.sessionID]))
    }
  }

  internal func worker(_ workerID: String, in namespace: String) async throws -> WorkerRow {
    let id = try name(workerID, "worker_id")
    guard let row = try await store.read(LoadWorker(namespace: namespace, workerID: id)).first else {
      throw Status.notFound("worker", id)
    }
    return row
  }
}
