internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func createSchedule(
    _ request: CreateScheduleRequest, _ call: ServerCall, _ responder: consuming Responder<CreateScheduleResponse>
  ) {
    responder.answer { [self] in
      let namespace = try enabledNamespace(request.namespace)
      let scheduleID = try name(request.scheduleID, "schedule_id")
      let spec = try await checked(request.spec, namespace: namespace, scheduleID: scheduleID)
      let uid = newID()
      let now = try await databaseNow()
      let definition = try ScheduleDefinition(spec, anchor: now.microseconds, seed: uid.jitterSeed)
      let next = try firstOccurrence(definition, after: now)
      let create = CreateSchedule(
        uid: uid, namespace: namespace, scheduleID: scheduleID, spec: spec.blob, createdAt: now, nextAt: next.nextAt,
        fireAt: next.fireAt)
      var row = try await store.write(create).first
      if row == nil { row = try await store.read(LoadSchedule(namespace: namespace, scheduleID: scheduleID)).first }
      // One of ours that was there already had been written before the answer was lost.
      guard let row, row.uid == uid else { throw Status.alreadyExists("schedule", scheduleID) }
      scheduleChanged(row)
      return CreateScheduleResponse(schedule: Schedule(row))
    }
  }

  /// Checks a definition with everything that a start of it would be checked with.
  internal func checked(
    _ spec: ScheduleSpec?, namespace: String, scheduleID: String
  ) async throws -> ScheduleSpec {
    guard var spec else { throw Status.invalid("spec", "must be given") }
    let definition = try ScheduleDefinition(spec, anchor: 0, seed: 0)
    var start = definition.start
    guard start.namespace.isEmpty || start.namespace == namespace else {
      throw Status.invalid("spec.start.namespace", "must be the schedule's, '\(namespace)', or empty")
    }
    start.namespace = namespace
    // The longest occurrence's text is appended to it.
    let room = limits.maxKeyBytes - OccurrenceText.text(1).utf8.count - 1
    guard start.workflowID.utf8.count <= room else {
      throw Status.invalid("spec.start.workflow_id", "may have at most \(room) bytes: the occurrence is appended to it")
    }
    do throws(Status) {
      let operation = try startOperation(start)
      _ = try await workflowVersion(
        start.workflowVersion == nil ? nil : operation.workflowVersion, of: operation.workflowType,
        namespace: namespace,
        workflowID: scheduleID)
    } catch {
      throw error.under("spec.start")
    }
    spec.start?.namespace = ""
    return spec
  }

  internal func firstOccurrence(
    _ definition: ScheduleDefinition, after now: PostgresTimestamp
  ) throws(Status) -> (nextAt: PostgresTimestamp, fireAt: PostgresTimestamp) {
    guard let next = definition.next(after: now) else {
      throw .invalid("spec.cron", "never fires: there is no such date")
    }
    return next
  }

  internal func databaseNow() async throws(StoreError) -> PostgresTimestamp {
    guard let now = try await store.read(DatabaseClock()).first else { throw .internal("the database has no clock") }
    return now
  }

  /// A schedule is due at another time than before: here and elsewhere somebody sleeps until the wrong one.
  internal func scheduleChanged(_ row: ScheduleRow) {
    if let fireAt = row.fireAt {
      schedules.noteDue(inMilliseconds: (fireAt.microseconds - row.now.microseconds + 999) / 1_000)
    } else {
      schedules.noteDue()
    }
    peers.announce(.schedule)
  }
}
