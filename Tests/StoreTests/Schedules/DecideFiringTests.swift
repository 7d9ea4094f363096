import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Decisions about occurrences")
struct DecideFiringTests {
  @Test("the run, the firing and the next occurrence are written as one; again changes nothing")
  func once() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      let firing = store.firing(1, revision: 1, run: 10, at: 0)
      let decision = try #require(try await store.decide(firing))
      #expect(decision.state == .started && decision.revision == 2 && decision.openRun == nil)
      #expect(try await store.decide(firing) == nil)
      let schedule = try #require(try await store.schedule(1))
      #expect(schedule.revision == 2 && schedule.nextAt?.microseconds == store.instant(1) && schedule.lastAt != nil)
      let firings = try await store.firings(1)
      #expect(firings.map(\.runID) == [UUID(high: 1, low: 10)] && firings.map(\.number) == [1])
      #expect(try await store.run(10)?.status == .pending)
    }
  }

  @Test("of coordinators that decide at one time about many schedules, one does about each")
  func contention() async throws {
    try await StoreFixture.with { store in
      let numbers = Array(1...20 as ClosedRange<UInt64>)
      for number in numbers { try await store.createSchedule(number) }
      let decided = try await withThrowingTaskGroup(of: Int.self) { group in
        for coordinator in 0..<6 as Range<UInt64> {
          group.addTask {
            let firings = numbers.shuffled().map { number in
              Operation.decideFiring(
                store.firing(number, revision: 1, run: coordinator * 1_000 + number, at: 0, policy: .allow))
            }
            return try await store.execute(firings).count { if case .firing = $0 { true } else { false } }
          }
        }
        return try await group.reduce(0, +)
      }
      // A row that is locked is left out: nobody may have decided about it, but never two.
      #expect(decided <= numbers.count && decided > 0)
      var recorded = 0
      for number in numbers { recorded += try await store.firings(number).count }
      #expect(recorded == decided)
    }
  }

  @Test("nothing is decided before its time, and nothing about a schedule that has changed")
  func guards() async throws {
    try await StoreFixture.with { store in
      let future = store.instant(0) + 1_000_000_000_000_000
      try await store.createSchedule(1, nextAt: future)
      #expect(try await store.decide(store.firing(1, revision: 1, run: 10, at: 0)) == nil)
      try await store.createSchedule(2)
      #expect(try await store.decide(store.firing(2, revision: 2, run: 11, at: 0)) == nil)
      var paused = try #require(try await store.schedule(2))
      paused.isPaused = true
      paused.fireAt = nil
      #expect(try await store.read(ChangeSchedule(schedule: paused)).first?.revision == 2)
      #expect(try await store.read(ChangeSchedule(schedule: paused)).isEmpty)
      #expect(try await store.decide(store.firing(2, revision: 1, run: 11, at: 0)) == nil)
      #expect(try await store.decide(store.firing(2, revision: 2, run: 11, at: 0)) == nil)
      #expect(try await store.run(10) == nil)
      #expect(try await store.run(11) == nil)
    }
  }

  @Test(
    "what becomes of an occurrence while the last run is open",
    arguments: [
      (OverlapPolicy.skip, [FiringRow.State.skipped, .skipped, .skipped]),
      (.bufferOne, [.waiting, .skipped, .skipped]), (.bufferAll, [.waiting, .waiting, .skipped]),
      (.cancelOther, [.skipped, .skipped, .waiting]), (.allow, [.started, .started, .started]),
    ])
  func overlap(policy: OverlapPolicy, states: [FiringRow.State]) async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      for index in 0..<4 as Range<Int64> {
        let firing = store.firing(
          1, revision: index + 1, run: UInt64(index), at: index, policy: policy, room: policy.room(limit: 2))
        let decision = try #require(try await store.decide(firing))
        #expect((decision.openRun == nil) == (index == 0))
      }
      let firings = try await store.firings(1)
      #expect(firings.map(\.state) == [.started] + states)
      #expect(try await store.schedule(1)?.waiting == Int32(states.count { $0 == .waiting }))
      #expect(firings.allSatisfy { ($0.skipReason == nil) == ($0.state != .skipped) })
    }
  }

  @Test("what waits is started in order, one when the last has ended, and once")
  func waiting() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      for index in 0..<3 as Range<Int64> {
        _ = try await store.decide(
          store.firing(
            1, revision: index + 1, run: UInt64(index), at: index, cause: .backfill, policy: .bufferAll, room: 10))
      }
      func next() async throws -> (Operation, RunID?) {
        let row = try #require(try await store.read(WaitingSchedules(limit: 10)).first)
        let run = 100 + UInt64(row.firing.number)
        return (
          .startFiring(
            StartFiring(
              scheduleUID: row.schedule.uid, revision: row.schedule.revision, number: row.firing.number,
              start: store.start(run, leased: false))), row.openRun
        )
      }
      let (early, openRun) = try await next()
      #expect(openRun == UUID(high: 1, low: 0))
      guard case .refused = try await store.execute(early) else { return fail("started beside the open run") }
      try await store.end(0)
      let (second, none) = try await next()
      #expect(none == nil)
      if case .startFiring(var stale) = second {
        stale.revision -= 1
        guard case .refused = try await store.execute(.startFiring(stale)) else {
          return fail("started as the schedule was before it changed")
        }
      }
      guard case .firing = try await store.execute(second) else { return fail("not started") }
      guard case .refused = try await store.execute(second) else { return fail("started twice") }
      #expect(try await next().1 == UUID(high: 1, low: 102))
      try await store.end(102)
      guard case .firing = try await store.execute(try await next().0) else { return fail("not started") }
      #expect(try await store.read(WaitingSchedules(limit: 10)).isEmpty)
      #expect(try await store.firings(1).map(\.runID?.low) == [0, 102, 103])
    }
  }

  @Test("an occurrence that comes when the last run has ended, but another waits for that, waits behind it")
  func noOvertaking() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      let states = [FiringDecision.State.started, .waiting, .waiting]
      for (index, expected) in zip(0..<3 as Range<Int64>, states) {
        if index == 2 { try await store.end(0) }
        let firing = store.firing(
          1, revision: index + 1, run: UInt64(index), at: index, policy: .bufferAll, room: 10)
        #expect(try await store.decide(firing)?.state == expected)
      }
    }
  }

  @Test("what the calendar has waiting stays waiting while the schedule is paused; what a person fired goes on")
  func pausedWhileWaiting() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      for index in 0..<2 as Range<Int64> {
        _ = try await store.decide(
          store.firing(1, revision: index + 1, run: UInt64(index), at: index, policy: .bufferAll, room: 10))
      }
      #expect(try await store.read(WaitingSchedules(limit: 10)).map(\.firing.cause) == [.calendar])
      var paused = try #require(try await store.schedule(1))
      paused.isPaused = true
      paused.fireAt = nil
      let revision = try #require(try await store.read(ChangeSchedule(schedule: paused)).first?.revision)
      #expect(try await store.read(WaitingSchedules(limit: 10)).isEmpty)
      let trigger = store.firing(
        1, revision: revision, run: 50, at: 50, cause: .trigger, policy: .bufferAll, room: 10)
      #expect(try await store.decide(trigger)?.state == .waiting)
      #expect(try await store.read(WaitingSchedules(limit: 10)).map(\.firing.cause) == [.trigger])
    }
  }

  @Test("a workflow id that an open run of somebody else holds is a skip that says so")
  func taken() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(10)))
      try await store.createSchedule(1)
      var firing = store.firing(1, revision: 1, run: 11, at: 0)
      firing.start?.workflowID = "workflow-10"
      #expect(try await store.decide(firing)?.state == .skipped)
      #expect(
        try await store.firings(1).first?.skipReason == "workflow id 'workflow-10' is held by another open run")
      #expect(try await store.run(11) == nil)
      #expect(try await store.schedule(1)?.nextAt?.microseconds == store.instant(1))
    }
  }

  @Test("an occurrence that was decided before, as after a clock that went back, is passed over")
  func known() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      _ = try await store.decide(store.firing(1, revision: 1, run: 10, at: 0, policy: .allow))
      var row = try #require(try await store.schedule(1))
      row.nextAt = PostgresTimestamp(microseconds: store.instant(0))
      row.fireAt = row.nextAt
      _ = try await store.read(ChangeSchedule(schedule: row))
      #expect(try await store.decide(store.firing(1, revision: 3, run: 11, at: 0, policy: .allow))?.state == .known)
      #expect(try await store.firings(1).count == 1)
      #expect(try await store.run(11) == nil)
      #expect(try await store.schedule(1)?.nextAt?.microseconds == store.instant(1))
    }
  }

  @Test("decisions are kept up to a limit, those that wait beyond it")
  func kept() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      _ = try await store.decide(store.firing(1, revision: 1, run: 10, at: 0, policy: .bufferAll, room: 10))
      _ = try await store.decide(store.firing(1, revision: 2, run: 11, at: 1, policy: .bufferAll, room: 10))
      try await store.database.withConnection { connection in
        try connection.executeScript(
          "UPDATE kagzi.schedules SET decisions = \(DecideFiringsMany.kept + 5)")
      }
      _ = try await store.decide(store.firing(1, revision: 3, run: 12, at: 2, policy: .bufferAll, room: 10))
      let firings = try await store.firings(1)
      #expect(firings.map(\.state) == [.waiting, .waiting] && firings.first?.number == 2)
    }
  }

  @Test("a deleted schedule takes its firings along and leaves its runs")
  func deletion() async throws {
    try await StoreFixture.with { store in
      try await store.createSchedule(1)
      _ = try await store.decide(store.firing(1, revision: 1, run: 10, at: 0))
      #expect(try await store.read(DeleteSchedule(namespace: "default", scheduleID: "schedule-1")).count == 1)
      #expect(try await store.read(DeleteSchedule(namespace: "default", scheduleID: "schedule-1")).isEmpty)
      #expect(try await store.firings(1).isEmpty)
      #expect(try await store.run(10)?.status == .pending)
      #expect(try await store.decide(store.firing(1, revision: 2, run: 11, at: 1)) == nil)
    }
  }

  private func fail(_ message: Comment) { Issue.record(message) }
}
