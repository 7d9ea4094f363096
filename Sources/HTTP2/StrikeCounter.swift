/// The points that a peer has used up: a bucket that leaks with time. Pure; `now` is in milliseconds.
package struct StrikeCounter: Sendable {
  private let budget: Int
  private let decayPerSecond: Int
  private var points = 0
  private var lastDecay: UInt64 = 0

  package init(budget: Int, decayPerSecond: Int) {
    self.budget = budget
    self.decayPerSecond = decayPerSecond
  }

  package var isExceeded: Bool { points > budget }

  package mutating func strike(_ weight: Int, now: UInt64) {
    if now > lastDecay {
      let forgiven = Int(min(now - lastDecay, 3_600_000)) * decayPerSecond / 1_000
      if forgiven > 0 {
        points = max(0, points - forgiven)
        lastDecay = now
      }
    }
    points = min(points + weight, budget + 1 + weight)
  }

  package mutating func forgive(_ weight: Int) {
    points = max(0, points - weight)
  }
}
