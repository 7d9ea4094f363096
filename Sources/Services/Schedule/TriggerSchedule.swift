internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func triggerSchedule(
    _ request: TriggerScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<TriggerScheduleResponse>
  ) {
    responder.answer { [self] in
      _ = try enabledNamespace(request.namespace)
      var row = try await loadSchedule(request.namespace, request.scheduleID)
      var occurrence = Occurrence(cause: .trigger, at: row.now.microseconds, firingID: newID())
      for attempt in 0..<Self.changeAttempts {
        let definition = try ScheduleDefinition(row)
        let policy = occurrence.cause.policy(of: definition.policy)
        if policy != .allow, row.waiting >= policy.room(limit: Self.waitingLimit) { throw Status.firingsWait(row) }
        let start = try await scheduledStart(definition, of: row, at: occurrence.at)
        if let decision = try await decide(occurrence, of: row, definition, start: start) {
          switch decision.state {
          case .started: return TriggerScheduleResponse(runID: start.runID.description)
          case .waiting: return TriggerScheduleResponse()
          case .skipped: throw Status.alreadyStarted(start.workflowID, runID: "")
          // Somebody else triggered it in the same microsecond.
          case .known: occurrence.at += 1
          }
        } else {
          try await pauseBeforeAttempt(attempt)
        }
        row = try await loadSchedule(request.namespace, request.scheduleID)
        // Ours, committed before the answer was lost.
        let find = FindFiring(
          scheduleUID: row.uid, cause: .trigger, scheduledAt: PostgresTimestamp(microseconds: occurrence.at))
        if let firing = try await store.read(find).first, firing.firingID == occurrence.firingID {
          firingStarted(start)
          schedules.noteDue()
          return TriggerScheduleResponse(runID: firing.runID?.description ?? "")
        }
      }
      throw Status.unavailable("the schedule '\(request.scheduleID)' is being changed all the time; try again")
    }
  }
}

extension Status {
  /// No more firings may wait for the open run.
  internal static func firingsWait(_ row: ScheduleRow) -> Status {
    Status(
      .resourceExhausted,
      "\(row.waiting) firings of schedule '\(row.scheduleID)' wait for its open run already: try again when it has ended",
      detail: QueueFull(), named: "QueueFull")
  }
}
