internal import Engine
internal import GRPC
internal import Logging
internal import Messages
internal import Postgres
package import Store

/// What schedules do by the clock. Any number of coordinators may see the same due schedule: its revision lets one decide.
extension Coordinator {
  /// What is left to do after a look at the schedules.
  package enum ScheduleOutlook: Sendable, Equatable {
    /// There is nothing that will ever fire.
    case idle
    /// The next one is due in so many milliseconds.
    case due(inMilliseconds: Int64)
    /// Others are at it: look again soon.
    case contended
  }

  /// Sets who is told that a schedule may have something to do, in milliseconds from now.
  package func onScheduleDue(_ action: @escaping @Sendable (Int64) -> Void) { schedules.onDue(action) }

  /// Another coordinator has changed a schedule.
  package func heardSchedule() { schedules.noteDue() }

  /// Decides about everything that is due, and starts what has waited for runs that are closed now.
  package func fireSchedules() async throws(StoreError) -> ScheduleOutlook {
    let due = try await store.read(DueSchedules(limit: 200))
    let waiting = try await store.read(WaitingSchedules(limit: 1_000))
    var bodies: [@Sendable () async throws -> Bool] = due.map { row in { @Sendable in try await self.fire(row) } }
    bodies += waiting.map { row in { @Sendable in try await self.startWaiting(row) } }
    let lost = try await everyone(bodies)
    if lost { return .contended }
    guard let delay = try await store.read(NextDueSchedule()).first ?? nil else {
      return waiting.isEmpty ? .idle : .due(inMilliseconds: 10_000)
    }
    return .due(inMilliseconds: delay)
  }

  /// Runs bodies side by side; whether any of them says that others were faster.
  private func everyone(
    _ bodies: [@Sendable () async throws -> Bool]
  ) async throws(StoreError) -> Bool {
    do {
      return try await withThrowingTaskGroup(of: Bool.self) { group in
        for body in bodies { group.addTask { try await body() } }
        var lost = false
        for try await isLost in group { lost = lost || isLost }
        return lost
      }
    } catch {
      throw StoreError(translating: error)
    }
  }

  /// Decides about a schedule's due occurrences, oldest first. True: somebody else did, or is about to.
  private func fire(_ row: ScheduleRow) async throws -> Bool {
    guard let first = row.nextAt?.microseconds else { return false }
    let definition: ScheduleDefinition
    do {
      definition = try ScheduleDefinition(row)
    } catch {
      return try await park(row, error)
    }
    var row = row
    let plan = definition.timing.plan(from: first, now: row.now.microseconds, terms: definition.terms)
    if let skip = plan.skip {
      let occurrence = Occurrence(
        cause: .calendar, at: skip.first, next: plan.due.first ?? plan.next,
        skipReason: skip.reason(definition.terms), firingID: newID())
      guard let decision = try await decide(occurrence, of: row, definition, start: nil) else { return true }
      row.revision = decision.revision
    }
    for (index, instant) in plan.due.enumerated() {
      var occurrence = Occurrence(
        cause: .calendar, at: instant, next: index + 1 < plan.due.count ? plan.due[index + 1] : plan.next,
        firingID: newID())
      var start: StartRun?
      do throws(Status) {
        start = try await scheduledStart(definition, of: row, at: instant)
      } catch {
        guard error.code != .unavailable, error.code != .resourceExhausted else { throw error }
        occurrence.skipReason = error.message
      }
      guard let decision = try await decide(occurrence, of: row, definition, start: start) else {
        // Of a commit whose answer was lost, what it started is claimable all the same.
        if let start { firingStarted(start) }
        return true
      }
      row.revision = decision.revision
    }
    return false
  }

  /// Pauses a schedule that this binary cannot read, instead of trying for ever.
  private func park(_ row: ScheduleRow, _ error: Status) async throws -> Bool {
    logger.error(
      "a schedule cannot be read and is paused", metadata: ["schedule": "\(row.scheduleID)", "error": "\(error)"])
    var row = row
    row.isPaused = true
    row.note = "paused by the coordinator: \(error.message)"
    row.fireAt = nil
    return try await store.write(ChangeSchedule(schedule: row)).isEmpty
  }

  /// Starts the first firing that waits if no run is open. True: somebody else did, or is about to.
  private func startWaiting(_ waiting: WaitingSchedules.Row) async throws -> Bool {
    let row = waiting.schedule
    guard let definition = try? ScheduleDefinition(row) else { return false }
    if let openRun = waiting.openRun {
      let policy = waiting.firing.cause.policy(of: definition.policy)
      try await wait(
        for: openRun, policy: policy, isCancelRequested: waiting.isCancelRequested, schedule: row)
      return false
    }
    let start: StartRun
    do {
      start = try await scheduledStart(definition, of: row, at: waiting.firing.scheduledAt.microseconds)
    } catch {
      // A disabled namespace or a deprecated version: it waits on, and the slow look tries again.
      logger.debug(
        "a waiting firing cannot be started", metadata: ["schedule": "\(row.scheduleID)", "error": "\(error)"])
      return false
    }
    let firing = StartFiring(scheduleUID: row.uid, revision: row.revision, number: waiting.firing.number, start: start)
    guard case .firing(let decision) = try await store.submit(.startFiring(firing)) else {
      firingStarted(start)
      return true
    }
    if decision.state == .started, row.waiting > 1 { _ = schedules.awaitEnd(of: start.runID, hub) }
    if decision.state == .started { firingStarted(start) }
    // More may wait, and the run may have ended before its end was listened for.
    if row.waiting > 1 { schedules.noteDue() }
    return false
  }
}

extension SchedulePlan.Skip {
  /// For people: what was missed and why it is not made up for.
  internal func reason(_ terms: ScheduleTerms) -> String {
    let limit =
      isByLimit
      ? "at most \(terms.catchUpLimit) missed occurrences are made up for"
      : "they are older than the catch-up window of \(terms.catchUpWindowMicroseconds / 1_000_000) s"
    return "missed: \(span); \(limit)"
  }

  /// How many occurrences, and up to when.
  internal var span: String {
    let counted = last == nil ? "\(count) or more occurrences" : "\(count) \(count == 1 ? "occurrence" : "occurrences")"
    guard let last, last != first else { return counted }
    return "\(counted) up to \(OccurrenceText.text(last))"
  }
}
