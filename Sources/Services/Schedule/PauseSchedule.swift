internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func pauseSchedule(
    _ request: PauseScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<PauseScheduleResponse>
  ) {
    responder.answer { [self] in
      let note = try self.note(request.note)
      _ = try await change(request.namespace, request.scheduleID) { row in
        row.isPaused = true
        row.note = note
        row.fireAt = nil
        return nil
      }
      return PauseScheduleResponse()
    }
  }

  internal func resumeSchedule(
    _ request: ResumeScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<ResumeScheduleResponse>
  ) {
    responder.answer { [self] in
      let note = try self.note(request.note)
      _ = try await change(request.namespace, request.scheduleID) { row in
        let skip = self.skipWhilePaused(row)
        if row.isPaused {
          // What passed meanwhile is not made up for.
          let definition = try ScheduleDefinition(row)
          let from = row.nextAt.map { $0 > row.now ? .init(microseconds: $0.microseconds - 1) : row.now } ?? row.now
          let next = definition.next(after: from)
          row.nextAt = next?.nextAt
          row.fireAt = next?.fireAt
        }
        row.isPaused = false
        row.note = note
        return skip
      }
      return ResumeScheduleResponse()
    }
  }

  private func note(_ text: String) throws(Status) -> String {
    text.isEmpty ? "" : try name(text, "note", limit: 1_024)
  }

  internal func deleteSchedule(
    _ request: DeleteScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<DeleteScheduleResponse>
  ) {
    responder.answer { [self] in
      let delete = DeleteSchedule(
        namespace: try namespace(request.namespace), scheduleID: try name(request.scheduleID, "schedule_id"))
      guard try await !store.write(delete).isEmpty else { throw Status.notFound("schedule", request.scheduleID) }
      return DeleteScheduleResponse()
    }
  }
}
