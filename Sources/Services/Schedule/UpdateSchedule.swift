internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func updateSchedule(
    _ request: UpdateScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<UpdateScheduleResponse>
  ) {
    responder.answer { [self] in
      let namespace = try enabledNamespace(request.namespace)
      let spec = try await checked(request.spec, namespace: namespace, scheduleID: request.scheduleID)
      let row = try await change(namespace, request.scheduleID) { row in
        let skip = self.skipWhilePaused(row)
        // An interval counts on from its anchor unless it is another one.
        if ScheduleSpec(blob: row.spec)?.timing != spec.timing { row.anchorAt = row.now }
        row.spec = spec.blob
        let next = try self.firstOccurrence(try ScheduleDefinition(row), after: row.now)
        row.nextAt = next.nextAt
        row.fireAt = row.isPaused ? nil : next.fireAt
        return skip
      }
      return UpdateScheduleResponse(schedule: Schedule(row))
    }
  }

  /// Changes a schedule as it is now: reads it, lets `edit` change what was read, and writes it unless somebody else was
  /// faster, in which case it is read again.
  internal func change(
    _ namespace: String, _ scheduleID: String,
    _ edit: (inout ScheduleRow) throws -> ChangeSchedule.Skip?
  ) async throws -> ScheduleRow {
    for attempt in 0..<Self.changeAttempts {
      var row = try await loadSchedule(namespace, scheduleID)
      let skip = try edit(&row)
      if let changed = try await store.write(ChangeSchedule(schedule: row, skip: skip)).first {
        scheduleChanged(changed)
        return changed
      }
      try await pauseBeforeAttempt(attempt)
    }
    throw Status.unavailable("the schedule '\(scheduleID)' is being changed all the time; try again")
  }

  internal static let changeAttempts = 100

  /// Lets others finish who change the same schedule.
  internal func pauseBeforeAttempt(_ attempt: Int) async throws {
    try await Task.sleep(for: .milliseconds(Int.random(in: 1...min(50, 5 + 2 * attempt))))
  }

  /// Occurrences that a paused schedule has passed by, as one entry; nil if there are none.
  internal func skipWhilePaused(_ row: ScheduleRow) -> ChangeSchedule.Skip? {
    guard row.isPaused, let first = row.nextAt, first <= row.now, let definition = try? ScheduleDefinition(row) else {
      return nil
    }
    let span = SchedulePlan.skip(
      definition.timing, from: first.microseconds, before: row.now.microseconds + 1, isByLimit: false
    ).span
    let note = row.note.isEmpty ? "" : " (\(row.note))"
    return ChangeSchedule.Skip(firingID: newID(), first: first, reason: "paused\(note): \(span)")
  }
}
