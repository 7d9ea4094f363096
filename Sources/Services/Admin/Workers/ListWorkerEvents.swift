internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func listWorkerEvents(
    _ request: ListWorkerEventsRequest, _ call: ServerCall, _ responder: consuming Responder<ListWorkerEventsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let namespace = try namespace(request.namespace)
      var before = (at: PostgresTimestamp.distantFuture, key: "")
      if !request.pageToken.isEmpty {
        let token = try PageToken(request.pageToken)
        before = (PostgresTimestamp(microseconds: token.sequence), token.key)
      }
      let rows =
        if request.workerID.isEmpty {
          try await store.read(ListWorkerEvents(namespace: namespace, before: before, limit: size + 1))
        } else {
          try await store.read(
            ListEventsOfWorker(
              namespace: namespace, workerID: try await worker(request.workerID, in: namespace).workerID,
              before: before, limit: size + 1))
        }
      let page = rows.prefix(size)
      let next = page.last.map { PageToken(sequence: $0.at.microseconds, key: $0.key).text } ?? ""
      return ListWorkerEventsResponse(
        events: page.map {
          WorkerEvent(workerID: $0.workerID, at: Timestamp($0.at), kind: $0.kind, message: $0.message)
        },
        nextPageToken: rows.count > size ? next : "")
    }
  }
}
