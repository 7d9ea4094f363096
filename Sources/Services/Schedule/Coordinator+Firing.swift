internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

/// How a firing comes about: from the schedule as it was read to the decision as it was recorded.
extension Coordinator {
  /// One occurrence to decide about.
  internal struct Occurrence: Sendable {
    var cause: Engine.FiringCause
    /// In microseconds since 1970.
    var at: Int64
    /// The occurrence after it; for the calendar.
    var next: Int64?
    /// Skips it whatever else holds.
    var skipReason: String?
    var firingID: UUID
  }

  /// Firings of one schedule that may wait. A limit of the design, not of a machine.
  internal static let waitingLimit: Int32 = 1_000

  /// The start of an occurrence, through the same checks and the same choice of a version as any other start.
  internal func scheduledStart(
    _ definition: ScheduleDefinition, of row: ScheduleRow, at occurrence: Int64
  ) async throws(Status) -> StartRun {
    var request = definition.start
    request.namespace = row.namespace
    let prefix = request.workflowID.isEmpty ? row.scheduleID : request.workflowID
    request.workflowID = "\(prefix)-\(OccurrenceText.text(occurrence))"
    var start = try startOperation(request)
    start.workflowVersion = try await workflowVersion(
      request.workflowVersion == nil ? nil : start.workflowVersion, of: start.workflowType, namespace: start.namespace,
      workflowID: start.workflowID)
    return start
  }

  /// Decides about one occurrence. Nil: the schedule has changed since it was read, or is being changed.
  /// - Parameter start: what to start; nil with a reason to skip.
  internal func decide(
    _ occurrence: Occurrence, of row: ScheduleRow, _ definition: ScheduleDefinition, start: StartRun?
  ) async throws(StoreError) -> FiringDecision? {
    let policy = occurrence.cause.policy(of: definition.policy)
    var firing = DecideFiring(
      scheduleUID: row.uid, revision: row.revision, cause: occurrence.cause, scheduledAt: occurrence.at,
      firingID: occurrence.firingID, policy: policy, room: policy.room(limit: Self.waitingLimit))
    firing.skipReason = occurrence.skipReason
    firing.nextAt = occurrence.next
    firing.fireAt = occurrence.next.map(definition.terms.fireTime(of:))
    firing.start = start
    guard case .firing(let decision) = try await store.submit(.decideFiring(firing)) else { return nil }
    try await follow(decision, start, policy: policy, schedule: row)
    return decision
  }

  /// What a decision led to, carried out after its commit.
  internal func follow(
    _ decision: FiringDecision, _ start: StartRun?, policy: Engine.OverlapPolicy, schedule: ScheduleRow
  ) async throws(StoreError) {
    switch decision.state {
    case .started:
      if let start { firingStarted(start) }
    case .waiting:
      guard let openRun = decision.openRun else { return schedules.noteDue() }
      try await wait(for: openRun, policy: policy, isCancelRequested: false, schedule: schedule)
    case .known, .skipped: break
    }
  }

  /// A run of a schedule was started, and is claimable.
  internal func firingStarted(_ start: StartRun) {
    noteReady(
      TaskKey(
        kind: .workflow, namespace: start.namespace, queue: start.taskQueue, type: start.workflowType,
        version: start.workflowVersion))
    if let timeout = start.timeoutMilliseconds { noteDue(inMilliseconds: timeout) }
  }

  /// Has the open run's end start what waits; asks it to cancel if that is the policy.
  internal func wait(
    for openRun: RunID, policy: Engine.OverlapPolicy, isCancelRequested: Bool, schedule: ScheduleRow
  ) async throws(StoreError) {
    if policy == .cancelOther, !isCancelRequested, let run = try await store.read(LoadRuns(runIDs: [openRun])).first {
      let reason = "the next occurrence of schedule '\(schedule.scheduleID)' takes its place"
      _ = try await cancel(run, reason: reason)
    }
    // It may have ended between the decision and here: look once more after the first time.
    if schedules.awaitEnd(of: openRun, hub) { schedules.noteDue() }
  }
}
