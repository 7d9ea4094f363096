internal import Services
internal import Synchronization

/// What this coordinator got done in the last minutes: a ring of samples, kept in memory only.
internal final class ThroughputHistory: Sendable {
  struct Sample: Sendable, Hashable {
    var at: ContinuousClock.Instant
    var closedRuns: Int
    var tasks: Int
  }

  /// How much was done a second between two samples.
  struct Rate: Sendable, Hashable {
    /// Seconds before the newest sample.
    var age: Double
    var closedRuns: Double
    var tasks: Double
  }

  static let interval = Duration.seconds(2)
  /// Five minutes.
  static let limit = 151

  private let samples = Mutex<[Sample]>([])

  /// Takes a sample every interval until cancelled.
  func record(_ coordinator: Coordinator) async {
    while !Task.isCancelled {
      let progress = coordinator.progress
      add(Sample(at: .now, closedRuns: progress.closedRuns, tasks: progress.tasks))
      try? await Task.sleep(for: Self.interval)
    }
  }

  func add(_ sample: Sample) {
    samples.withLock { samples in
      samples.append(sample)
      if samples.count > Self.limit { samples.removeFirst(samples.count - Self.limit) }
    }
  }

  /// Oldest first.
  var rates: [Rate] {
    let samples = samples.withLock { $0 }
    guard let newest = samples.last else { return [] }
    return zip(samples, samples.dropFirst()).map { earlier, later in
      let seconds = max(0.001, Self.seconds(later.at - earlier.at))
      return Rate(
        age: Self.seconds(newest.at - later.at), closedRuns: Double(later.closedRuns - earlier.closedRuns) / seconds,
        tasks: Double(later.tasks - earlier.tasks) / seconds)
    }
  }

  private static func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
