import HTTP2
import Testing

@Suite struct StrikeCounterTests {
  @Test("points add up to the budget, and one more exceeds it")
  func budget() {
    var counter = StrikeCounter(budget: 10, decayPerSecond: 1)
    for _ in 0..<10 { counter.strike(1, now: 0) }
    #expect(!counter.isExceeded)
    counter.strike(1, now: 0)
    #expect(counter.isExceeded)
  }

  @Test("points are forgiven with time, also when strikes come more often than a point is forgiven")
  func decay() {
    var counter = StrikeCounter(budget: 100, decayPerSecond: 1_000)
    for millisecond in 0..<100_000 as Range<UInt64> {
      counter.strike(1, now: millisecond)
      #expect(!counter.isExceeded)
    }
  }

  @Test("honest work is credit, but never a negative balance")
  func credit() {
    var counter = StrikeCounter(budget: 10, decayPerSecond: 0)
    counter.forgive(1_000)
    for _ in 0..<11 { counter.strike(1, now: 0) }
    #expect(counter.isExceeded)
  }
}
