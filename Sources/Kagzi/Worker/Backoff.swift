/// Delays between attempts to connect: 50 ms, doubled each time up to 5 s, each shortened at random by up to half.
struct Backoff {
  private var attempts = 0

  mutating func next() -> Duration {
    let exponent = min(attempts, 7)
    attempts += 1
    let longest = min(50 << exponent, 5_000)
    return .milliseconds(Int.random(in: longest / 2...longest))
  }

  mutating func reset() {
    attempts = 0
  }
}
