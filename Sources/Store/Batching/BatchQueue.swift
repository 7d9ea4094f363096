internal import DequeModule

/// The operations of a lane in order of arrival, and the choice of the next batch. A value without I/O.
internal struct BatchQueue<Operation: Sendable, Outcome: Sendable> {
  typealias Pending = PendingOperation<Operation, Outcome>

  private var waiting: Deque<Pending> = []

  var isEmpty: Bool { waiting.isEmpty }

  mutating func append(contentsOf operations: [Pending]) { waiting.append(contentsOf: operations) }

  /// Takes everything that may share a batch, up to the limits.
  ///
  /// Of one key at most one exclusive operation is taken; what follows it of that key, once one had to wait, waits too, so
  /// that order is kept. At most four times a batch is looked through.
  mutating func takeBatch(_ limits: BatchLimits) -> [Pending] {
    var batch: [Pending] = []
    var passedOver: [Pending] = []
    var exclusiveKeys: Set<UInt64> = []
    var blockedKeys: Set<UInt64> = []
    var bytes = 0
    batch.reserveCapacity(min(waiting.count, limits.maxOperations))
    while batch.count < limits.maxOperations, bytes <= limits.maxBatchBytes,
      batch.count + passedOver.count < 4 * limits.maxOperations, let next = waiting.popFirst()
    {
      if !blockedKeys.isEmpty && blockedKeys.contains(next.key) {
        passedOver.append(next)
      } else if next.isExclusive && !exclusiveKeys.insert(next.key).inserted {
        blockedKeys.insert(next.key)
        passedOver.append(next)
      } else {
        bytes += next.bytes
        batch.append(next)
      }
    }
    waiting.prepend(contentsOf: passedOver)
    return batch
  }

  /// Takes those whose deadline has passed.
  mutating func takeExpired(at now: ContinuousClock.Instant) -> [Pending] {
    guard waiting.contains(where: { $0.deadline <= now }) else { return [] }
    let expired = waiting.filter { $0.deadline <= now }
    waiting.removeAll { $0.deadline <= now }
    return Array(expired)
  }
}
