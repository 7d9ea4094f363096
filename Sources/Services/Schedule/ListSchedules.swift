internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func listSchedules(
    _ request: ListSchedulesRequest, _ call: ServerCall, _ responder: consuming Responder<ListSchedulesResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let rows = try await store.read(
        ListSchedules(
          namespace: try namespace(request.namespace), after: try PageToken(request.pageToken).key, limit: size + 1))
      let page = rows.prefix(size)
      return ListSchedulesResponse(
        schedules: page.map { Schedule($0) },
        nextPageToken: rows.count > size ? page.last.map { PageToken(sequence: 0, key: $0.scheduleID).text } ?? "" : "")
    }
  }
}
