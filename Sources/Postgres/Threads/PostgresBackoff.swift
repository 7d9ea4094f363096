/// How long to wait before the next attempt to connect: doubling, with jitter, up to a limit.
package struct PostgresBackoff: Sendable {
  private let initial: Duration
  private let longest: Duration
  private var current: Duration

  package init(initial: Duration = .milliseconds(20), longest: Duration = .seconds(1)) {
    self.initial = initial
    self.longest = longest
    current = initial
  }

  /// The next delay: the current one, less up to half of it.
  ///
  /// - Parameter random: in 0..<1.
  package mutating func next(random: Double) -> Duration {
    let delay = current * (1 - 0.5 * random)
    current = min(current * 2, longest)
    return delay
  }

  /// An attempt succeeded.
  package mutating func reset() { current = initial }
}
