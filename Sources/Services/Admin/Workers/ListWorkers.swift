internal import Engine
internal import GRPC
package import Messages
internal import Store

extension Coordinator {
  internal func listWorkers(
    _ request: ListWorkersRequest, _ call: ServerCall, _ responder: consuming Responder<ListWorkersResponse>
  ) {
    responder.answer { [self] in try await workers(request) }
  }

  /// A page of workers by id, with what each holds now.
  package func workers(_ request: ListWorkersRequest) async throws -> ListWorkersResponse {
    let size = try PageToken.size(request.pageSize)
    let after = request.pageToken.isEmpty ? "" : try PageToken(request.pageToken).key
    let rows = try await store.read(
      ListWorkers(
        namespace: try namespace(request.namespace), statuses: request.statuses.map { Int16(clamping: $0.rawValue) },
        after: after, limit: size + 1))
    let page = rows.prefix(size)
    let held = try await held(by: page)
    return ListWorkersResponse(
      workers: page.map { Worker($0, held: held[$0.sessionID]) },
      nextPageToken: rows.count > size ? page.last.map { PageToken(sequence: 0, key: $0.workerID).text } ?? "" : "")
  }

  /// What the sessions of live workers hold, whichever coordinator they are attached to.
  internal func held(by workers: some Collection<WorkerRow>) async throws(StoreError) -> [SessionID: CountHeld.Row] {
    let sessions = workers.filter(\.status.isLive).map(\.sessionID)
    guard !sessions.isEmpty else { return [:] }
    let rows = try await store.readScanning(CountHeld(sessionIDs: sessions))
    return Dictionary(rows.map { ($0.sessionID, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
