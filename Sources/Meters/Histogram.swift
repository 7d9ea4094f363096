internal import Synchronization

/// How often a value fell into which range.
package final class Histogram: Sendable {
  /// What was observed so far.
  package struct Snapshot: Sendable, Hashable {
    /// Upper bounds, ascending; one more range above the last has no bound.
    package var bounds: [Double]
    /// One count a range, and the one without a bound last. Not cumulative.
    package var counts: [Int]
    package var sum: Double

    package var total: Int { counts.reduce(0, +) }

    /// The bound below which this part of all observations fell; nil when there are none. A rough figure: a range's upper bound.
    package func quantile(_ part: Double) -> Double? {
      let wanted = Double(total) * part
      guard total > 0 else { return nil }
      var seen = 0
      for (index, count) in counts.enumerated() {
        seen += count
        if Double(seen) >= wanted { return index < bounds.count ? bounds[index] : bounds.last }
      }
      return bounds.last
    }
  }

  /// Seconds, from a tenth of a millisecond to ten seconds.
  package static let latencyBounds: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// Powers of two, up to the largest batch.
  package static let sizeBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

  private let state: Mutex<Snapshot>

  package init(bounds: [Double]) {
    state = Mutex(Snapshot(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
  }

  package func observe(_ value: Double) {
    state.withLock { state in
      let index = state.bounds.firstIndex { value <= $0 } ?? state.bounds.count
      state.counts[index] += 1
      state.sum += value
    }
  }

  package func observe(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    observe(Double(seconds) + Double(attoseconds) / 1e18)
  }

  package var snapshot: Snapshot { state.withLock { $0 } }
}
