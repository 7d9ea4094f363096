internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func getSchedule(
    _ request: GetScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<GetScheduleResponse>
  ) {
    responder.answer { [self] in
      GetScheduleResponse(
        schedule: Schedule(try await loadSchedule(request.namespace, request.scheduleID)))
    }
  }

  /// The schedule that a request names.
  internal func loadSchedule(_ namespace: String, _ scheduleID: String) async throws -> ScheduleRow {
    let load = LoadSchedule(namespace: try self.namespace(namespace), scheduleID: try name(scheduleID, "schedule_id"))
    guard let row = try await store.read(load).first else { throw Status.notFound("schedule", scheduleID) }
    return row
  }
}
