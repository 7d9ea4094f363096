internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func drainWorker(
    _ request: DrainWorkerRequest, _ call: ServerCall, _ responder: consuming Responder<DrainWorkerResponse>
  ) {
    responder.answer { [self] in
      let namespace = try namespace(request.namespace)
      let id = try name(request.workerID, "worker_id")
      let order = DrainOrder(
        timeoutMilliseconds: try drainTimeout(request), reason: try drainReason(request.reason), isOwn: false)
      let found = try await store.write(DrainWorker(namespace: namespace, workerID: id, order: order)).first
      guard let found else { throw Status.notFound("worker", id) }
      guard found.status.isLive else { throw notRunning(id, found) }
      deliver(order, to: found.sessionID)
      return DrainWorkerResponse()
    }
  }

  private func drainTimeout(_ request: DrainWorkerRequest) throws(Status) -> Int64? {
    guard let timeout = request.timeout else { return nil }
    guard !timeout.isNegative else { throw .invalid("timeout", "must not be negative; zero hands tasks back at once") }
    return timeout.milliseconds
  }

  private func drainReason(_ reason: String) throws(Status) -> String {
    guard reason.utf8.count <= 1_000 else {
      throw .invalid("reason", "has \(reason.utf8.count) bytes: at most 1,000 are allowed")
    }
    return reason.isEmpty ? "asked to drain" : reason
  }

  private func notRunning(_ id: String, _ found: DrainWorker.Row) -> Status {
    let reason = "it is \(found.status.name)\(found.statusReason.isEmpty ? "" : ": \(found.statusReason)")"
    return Status(
      .failedPrecondition, "worker '\(id)' does not run (\(reason)): there is nothing to drain",
      detail: SessionLost(sessionID: found.sessionID.description, reason: reason), named: "SessionLost")
  }
}
