internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func listScheduleFirings(
    _ request: ListScheduleFiringsRequest, _ call: ServerCall,
    _ responder: consuming Responder<ListScheduleFiringsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let before = request.pageToken.isEmpty ? .max : try PageToken(request.pageToken).sequence
      let schedule = try await loadSchedule(request.namespace, request.scheduleID)
      let rows = try await store.read(ListFirings(scheduleUID: schedule.uid, before: before, limit: size + 1))
      let page = rows.prefix(size)
      return ListScheduleFiringsResponse(
        firings: page.map { ScheduleFiring($0) },
        nextPageToken: rows.count > size ? page.last.map { PageToken(sequence: $0.number, key: "").text } ?? "" : "")
    }
  }
}
