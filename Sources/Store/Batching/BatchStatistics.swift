package import Meters
internal import Synchronization

/// What a batcher did since it was made.
package struct BatchStatistics: Sendable, Hashable {
  /// Batches, or parts of split ones, that were committed.
  package var commits = 0
  /// Operations whose outcome was given.
  package var operations = 0
  /// Operations that ended with an error.
  package var failures = 0
  /// Statements sent, BEGIN and COMMIT not counted.
  package var statements = 0
  /// Batches tried again after a conflict.
  package var conflicts = 0
  /// Batches split to find an operation at fault.
  package var splits = 0
  /// Connections lost under a batch.
  package var losses = 0
  /// Operations that wait or are under way now.
  package var queued = 0
  /// Operations of each committed batch.
  package var sizes = Histogram(bounds: Histogram.sizeBounds).snapshot
  /// How long each committed batch took, its commit included, in seconds.
  package var latencies = Histogram(bounds: Histogram.latencyBounds).snapshot
}

/// Counters that all lanes write.
internal final class BatchCounters: Sendable {
  let commits = Atomic<Int>(0)
  let operations = Atomic<Int>(0)
  let failures = Atomic<Int>(0)
  let statements = Atomic<Int>(0)
  let conflicts = Atomic<Int>(0)
  let splits = Atomic<Int>(0)
  let losses = Atomic<Int>(0)
  let queued = Atomic<Int>(0)
  let queuedBytes = Atomic<Int>(0)
  let sizes = Histogram(bounds: Histogram.sizeBounds)
  let latencies = Histogram(bounds: Histogram.latencyBounds)

  var snapshot: BatchStatistics {
    BatchStatistics(
      commits: commits.load(ordering: .relaxed), operations: operations.load(ordering: .relaxed),
      failures: failures.load(ordering: .relaxed), statements: statements.load(ordering: .relaxed),
      conflicts: conflicts.load(ordering: .relaxed), splits: splits.load(ordering: .relaxed),
      losses: losses.load(ordering: .relaxed), queued: queued.load(ordering: .relaxed), sizes: sizes.snapshot,
      latencies: latencies.snapshot)
  }

  /// Makes room for one operation, or says that there is none.
  func reserve(bytes: Int, limits: BatchLimits) -> Bool {
    let count = queued.add(1, ordering: .relaxed).newValue
    let total = queuedBytes.add(bytes, ordering: .relaxed).newValue
    guard count > limits.maxQueued || (total > limits.maxQueuedBytes && count > 1) else { return true }
    release(count: 1, bytes: bytes)
    return false
  }

  func release(count: Int, bytes: Int) {
    queued.subtract(count, ordering: .relaxed)
    queuedBytes.subtract(bytes, ordering: .relaxed)
  }
}
