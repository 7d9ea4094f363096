import Postgres
import Testing

@testable import Services

@Suite("As of when leases are judged")
struct LeaseClockTests {
  private let start = ContinuousClock.now

  private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  private func turn(_ clock: LeaseClock, at milliseconds: Int, took: Int = 1) -> LeaseClock.Turn {
    let turn = clock.begin(now: after(milliseconds))
    clock.finished(turn, now: after(milliseconds + took))
    return turn
  }

  @Test("by what the database's clock showed last and the time since; before it was seen, not at all")
  func moment() {
    let clock = LeaseClock(now: start)
    #expect(turn(clock, at: 0).moment == nil)
    clock.shows(PostgresTimestamp(microseconds: 7_000_000), now: after(10))
    #expect(turn(clock, at: 510).moment == PostgresTimestamp(microseconds: 7_500_000))
    clock.shows(PostgresTimestamp(microseconds: 3_000_000), now: after(520))
    #expect(turn(clock, at: 1_020).moment == PostgresTimestamp(microseconds: 3_500_000))
  }

  @Test("as of the turn's beginning, however long it takes")
  func slow() {
    let clock = LeaseClock(now: start)
    clock.shows(PostgresTimestamp(microseconds: 0), now: start)
    let turn = clock.begin(now: after(500))
    clock.shows(PostgresTimestamp(microseconds: 60_000_000), now: after(60_000))
    #expect(turn.moment == PostgresTimestamp(microseconds: 500_000))
  }

  @Test(
    "other coordinators' sessions are left to them until they had time to come back, after the start, a slow turn, or a failed one"
  )
  func others() {
    let clock = LeaseClock(now: start)
    #expect(!turn(clock, at: 4_000).includesOthers)
    #expect(turn(clock, at: 4_001).includesOthers)
    #expect(turn(clock, at: 5_000, took: 1_500).includesOthers)
    #expect(!turn(clock, at: 7_000).includesOthers)
    #expect(turn(clock, at: 10_501).includesOthers)
    // It fails.
    _ = clock.begin(now: after(11_000))
    #expect(!turn(clock, at: 12_000).includesOthers)
    #expect(!turn(clock, at: 16_000).includesOthers)
    #expect(turn(clock, at: 16_001).includesOthers)
  }

  @Test("sessions that may have ended unheard are remembered until a whole turn has looked for what they held")
  func orphans() {
    let clock = LeaseClock(now: start)
    #expect(!clock.begin(now: after(0)).hasOrphans)
    clock.leftOrphans()
    // This turn fails, too.
    #expect(clock.begin(now: after(500)).hasOrphans)
    #expect(turn(clock, at: 1_000).hasOrphans)
    #expect(!turn(clock, at: 1_500).hasOrphans)
  }
}
