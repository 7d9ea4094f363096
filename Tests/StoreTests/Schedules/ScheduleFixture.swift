import Engine
import Postgres
import Store

/// Schedules on a migrated database, and decisions about them.
extension StoreFixture {
  func scheduleUID(_ number: UInt64) -> UUID { UUID(high: 5, low: number) }

  /// An instant so many seconds from the epoch of these tests, long past.
  func instant(_ seconds: Int64) -> Int64 { (1_700_000_000 + seconds) * 1_000_000 }

  @discardableResult
  func createSchedule(_ number: UInt64, nextAt: Int64? = nil) async throws -> ScheduleRow? {
    let next = PostgresTimestamp(microseconds: nextAt ?? instant(0))
    return try await read(
      CreateSchedule(
        uid: scheduleUID(number), namespace: "default", scheduleID: "schedule-\(number)", spec: [1],
        createdAt: PostgresTimestamp(microseconds: instant(-100)), nextAt: next, fireAt: next)
    ).first
  }

  func schedule(_ number: UInt64) async throws -> ScheduleRow? {
    try await read(LoadSchedule(namespace: "default", scheduleID: "schedule-\(number)")).first
  }

  func firings(_ number: UInt64) async throws -> [FiringRow] {
    try await read(ListFirings(scheduleUID: scheduleUID(number), before: .max, limit: 100_000)).reversed()
  }

  /// A firing with a run of its own: number `run`.
  func firing(
    _ number: UInt64, revision: Int64, run: UInt64, at seconds: Int64, cause: FiringCause = .calendar,
    policy: OverlapPolicy = .skip, room: Int32 = 0
  ) -> DecideFiring {
    var firing = DecideFiring(
      scheduleUID: scheduleUID(number), revision: revision, cause: cause, scheduledAt: instant(seconds),
      firingID: UUID(high: 6, low: run), policy: policy, room: room)
    if cause == .calendar {
      firing.nextAt = instant(seconds + 1)
      firing.fireAt = instant(seconds + 1)
    }
    firing.start = start(run, leased: false)
    return firing
  }

  func decide(_ firing: DecideFiring) async throws -> FiringDecision? {
    guard case .firing(let decision) = try await execute(.decideFiring(firing)) else { return nil }
    return decision
  }

  func end(_ run: UInt64) async throws {
    try await execute(
      .endRun(EndRun(runID: UUID(high: 1, low: run), status: .terminated, reason: "test", failure: [1])))
  }
}
