import Engine
import SeededRandom
import Testing

@Suite("What a schedule owes at a look")
struct SchedulePlanTests {
  private static let second: Int64 = 1_000_000
  private let everySecond = ScheduleTiming.interval(every: second, anchor: 0)

  @Test("on time: the one that is due, and the next")
  func onTime() {
    let plan = everySecond.plan(from: 10 * Self.second, now: 10 * Self.second + 5, terms: ScheduleTerms())
    #expect(plan == SchedulePlan(skip: nil, due: [10 * Self.second], next: 11 * Self.second))
    let early = everySecond.plan(from: 10 * Self.second, now: 10 * Self.second - 1, terms: ScheduleTerms())
    #expect(early == SchedulePlan(skip: nil, due: [], next: 10 * Self.second))
  }

  @Test("after a downtime: what is within the window, and one skip for the rest")
  func window() {
    let terms = ScheduleTerms(catchUpWindowMicroseconds: 5 * Self.second)
    let plan = everySecond.plan(from: 10 * Self.second, now: 100 * Self.second, terms: terms)
    #expect(plan.due == (95...100).map { $0 * Self.second })
    #expect(
      plan.skip
        == SchedulePlan.Skip(first: 10 * Self.second, last: 94 * Self.second, count: 85, isByLimit: false))
    #expect(plan.next == 101 * Self.second)
  }

  @Test("no more than the limit: the newest are made up for")
  func limit() {
    let terms = ScheduleTerms(catchUpWindowMicroseconds: 3_600 * Self.second, catchUpLimit: 3)
    let plan = everySecond.plan(from: 10 * Self.second, now: 100 * Self.second, terms: terms)
    #expect(plan.due == [98, 99, 100].map { $0 * Self.second })
    #expect(plan.skip?.count == 88 && plan.skip?.last == 97 * Self.second && plan.skip?.isByLimit == true)
  }

  @Test("a year of seconds after a downtime is dealt with without counting it")
  func year() {
    let terms = ScheduleTerms(catchUpWindowMicroseconds: 366 * 86_400 * Self.second, catchUpLimit: 100)
    let now = 366 * 86_400 * Self.second
    let clock = ContinuousClock()
    var plan = SchedulePlan()
    let took = clock.measure { plan = everySecond.plan(from: 0, now: now, terms: terms) }
    #expect(plan.due.count == 100 && plan.due.last == now && plan.skip?.last == nil)
    #expect(plan.skip?.count == SchedulePlan.countLimit)
    #expect(took < .seconds(2))
  }

  @Test("an interval's occurrences are multiples of it from the anchor, before it, too")
  func interval() {
    let timing = ScheduleTiming.interval(every: 7, anchor: 100)
    #expect(timing.next(after: 100) == 107 && timing.next(after: 99) == 100 && timing.next(after: 0) == 2)
    #expect(timing.next(after: 106) == 107 && timing.next(after: 107) == 114)
    #expect(timing.occurrences(from: 93, until: 107, limit: 10) == [93, 100, 107])
    #expect(timing.occurrences(from: 0, until: 700, limit: 10).count == 11)
  }

  @Test("jitter is the same for everyone, within its bounds, spread, and another for each schedule")
  func jitter() {
    let terms = ScheduleTerms(jitterMicroseconds: 1_000_000, seed: 7)
    let delays = (0..<10_000).map { terms.fireTime(of: $0 * Self.second) - $0 * Self.second }
    #expect(delays.allSatisfy { (0...1_000_000).contains($0) })
    #expect(delays == (0..<10_000).map { terms.fireTime(of: $0 * Self.second) - $0 * Self.second })
    let mean = delays.reduce(0, +) / Int64(delays.count)
    #expect((480_000...520_000).contains(mean))
    for tenth in 0..<10 as Range<Int64> {
      let count = delays.count { $0 / 100_001 == tenth }
      #expect((850...1_150).contains(count))
    }
    var other = terms
    other.seed = 8
    #expect((0..<100).contains { other.fireTime(of: $0 * Self.second) != terms.fireTime(of: $0 * Self.second) })
  }

  @Test("plans made look by look deal with every occurrence exactly once, in order", arguments: 0..<500)
  func everyOccurrenceOnce(seed: UInt64) {
    var generator = Seeded(seed: seed)
    let every = Int64.random(in: 1...20, using: &generator) * Self.second
    let timing = ScheduleTiming.interval(every: every, anchor: Int64.random(in: 0...every, using: &generator))
    let terms = ScheduleTerms(
      jitterMicroseconds: Bool.random(using: &generator) ? Int64.random(in: 0...(3 * every), using: &generator) : 0,
      catchUpWindowMicroseconds: Int64.random(in: 1...100, using: &generator) * Self.second,
      catchUpLimit: Int.random(in: 1...10, using: &generator), seed: seed)
    let begin = timing.next(after: 0)!
    var (cursor, now, dealt) = (begin, Int64(0), [Int64]())
    for _ in 0..<30 {
      now += Int64.random(in: 0...(60 * Self.second), using: &generator)
      let plan = timing.plan(from: cursor, now: now, terms: terms)
      if let skip = plan.skip {
        #expect(skip.first == cursor)
        let skipped = timing.occurrences(from: skip.first, until: skip.last!, limit: 100_000)
        #expect(skipped.count == skip.count)
        dealt += skipped
      }
      #expect(plan.due.count <= terms.catchUpLimit)
      for occurrence in plan.due { #expect(terms.fireTime(of: occurrence) <= now) }
      // What follows one that is kept is kept; the first of all is not too old.
      if let first = plan.due.first, plan.due.count < terms.catchUpLimit {
        #expect(terms.fireTime(of: first) >= now - terms.catchUpWindowMicroseconds)
      }
      dealt += plan.due
      cursor = plan.next!
      #expect(terms.fireTime(of: cursor) > now)
    }
    #expect(dealt == timing.occurrences(from: begin, until: cursor - 1, limit: 1_000_000))
  }

  @Test(
    "what made a firing weighs on the overlap policy",
    arguments: [
      (OverlapPolicy.skip, OverlapPolicy.skip, OverlapPolicy.allow, OverlapPolicy.bufferAll),
      (.bufferOne, .bufferOne, .bufferOne, .bufferAll), (.bufferAll, .bufferAll, .bufferAll, .bufferAll),
      (.cancelOther, .cancelOther, .cancelOther, .bufferAll), (.allow, .allow, .allow, .allow),
    ])
  func causes(policy: OverlapPolicy, calendar: OverlapPolicy, trigger: OverlapPolicy, backfill: OverlapPolicy) {
    #expect(FiringCause.calendar.policy(of: policy) == calendar)
    #expect(FiringCause.trigger.policy(of: policy) == trigger)
    #expect(FiringCause.backfill.policy(of: policy) == backfill)
  }
}
