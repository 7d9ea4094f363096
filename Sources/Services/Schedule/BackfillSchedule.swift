internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  /// The most occurrences of one backfill.
  internal static let backfillLimit = 1_000

  internal func backfillSchedule(
    _ request: BackfillScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<BackfillScheduleResponse>
  ) {
    responder.answer { [self] in
      _ = try enabledNamespace(request.namespace)
      let row = try await loadSchedule(request.namespace, request.scheduleID)
      let definition = try ScheduleDefinition(row)
      let occurrences = try occurrences(of: definition, request, now: row.now)
      let isOneByOne = Engine.FiringCause.backfill.policy(of: definition.policy) != .allow
      if isOneByOne, Int(row.waiting) + occurrences.count > Int(Self.waitingLimit) { throw Status.firingsWait(row) }
      var fired: UInt32 = 0
      var latest = row
      for occurrence in occurrences where try await backfill(occurrence, definition, request, &latest) { fired += 1 }
      return BackfillScheduleResponse(fired: fired)
    }
  }

  private func occurrences(
    of definition: ScheduleDefinition, _ request: BackfillScheduleRequest, now: PostgresTimestamp
  ) throws(Status) -> [Int64] {
    guard let from = request.from?.microseconds else { throw .invalid("from", "must be within the years 1 to 9999") }
    guard let until = request.until?.microseconds else { throw .invalid("until", "must be within the years 1 to 9999") }
    guard from <= until else { throw .invalid("until", "must not be before from") }
    guard until <= now.microseconds else { throw .invalid("until", "must not be in the future") }
    let found = definition.timing.occurrences(from: from, until: until, limit: Self.backfillLimit)
    guard found.count <= Self.backfillLimit else {
      throw .invalid("until", "the span has more than \(Self.backfillLimit) occurrences: backfill it in parts")
    }
    return found
  }

  /// Fires one occurrence. False: it was backfilled before.
  private func backfill(
    _ instant: Int64, _ definition: ScheduleDefinition, _ request: BackfillScheduleRequest, _ row: inout ScheduleRow
  ) async throws -> Bool {
    let occurrence = Occurrence(cause: .backfill, at: instant, firingID: newID())
    for attempt in 0..<Self.changeAttempts {
      let start = try await scheduledStart(definition, of: row, at: instant)
      if let decision = try await decide(occurrence, of: row, definition, start: start) {
        row.revision = decision.revision
        return decision.state == .started || decision.state == .waiting
      }
      try await pauseBeforeAttempt(attempt)
      let uid = row.uid
      row = try await loadSchedule(request.namespace, request.scheduleID)
      guard row.uid == uid else { throw Status.notFound("schedule", request.scheduleID) }
      let find = FindFiring(
        scheduleUID: uid, cause: .backfill, scheduledAt: PostgresTimestamp(microseconds: instant))
      if let firing = try await store.read(find).first {
        firingStarted(start)
        schedules.noteDue()
        return firing.firingID == occurrence.firingID && firing.state != .skipped
      }
    }
    throw Status.unavailable("the schedule '\(request.scheduleID)' is being changed all the time; try again")
  }
}
