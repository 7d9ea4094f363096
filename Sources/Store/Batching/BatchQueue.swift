internal import DequeModule

/// The operations of a lane, each tenant's in order of arrival, and the choice of the next batch. A value without I/O.
///
/// Tenants take turns: a batch that cannot hold everything holds about as much of each, so that nobody waits for all that a
/// busier one has queued. Operations of one key keep their order because all that wait of it are one tenant's (`LaneRouter`).
internal struct BatchQueue<Operation: Sendable, Outcome: Sendable> {
  typealias Pending = PendingOperation<Operation, Outcome>

  /// Operations that a tenant has taken before the next one's turn.
  private static var turn: Int { 16 }

  private var waiting: [Tenant: Deque<Pending>] = [:]
  /// Tenants with something in `waiting`, each once, whose turn is next first.
  private var turns: Deque<Tenant> = []
  private var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(contentsOf operations: [Pending]) {
    count += operations.count
    // Neighbours are mostly of one tenant.
    var begin = operations.startIndex
    while begin < operations.endIndex {
      let tenant = operations[begin].tenant
      let end = operations[begin...].firstIndex { $0.tenant != tenant } ?? operations.endIndex
      if waiting[tenant] == nil { turns.append(tenant) }
      waiting[tenant, default: []].append(contentsOf: operations[begin..<end])
      begin = end
    }
  }

  /// Takes everything that may share a batch, up to the limits.
  ///
  /// Of one key at most one exclusive operation is taken; what follows it of that key, once one had to wait, waits too, so
  /// that order is kept. At most four times a batch is looked through.
  mutating func takeBatch(_ limits: BatchLimits) -> [Pending] {
    var choice = Choice(limits)
    choice.batch.reserveCapacity(min(count, limits.maxOperations))
    var passedOver: [(tenant: Tenant, operations: [Pending])] = []
    while choice.isOpen, let tenant = turns.popFirst(), var queue = waiting.removeValue(forKey: tenant) {
      let waits = choice.take(from: &queue, atMost: turns.isEmpty ? .max : Self.turn)
      if !waits.isEmpty { passedOver.append((tenant, waits)) }
      guard !queue.isEmpty else { continue }
      waiting[tenant] = queue
      turns.append(tenant)
    }
    // Backwards, so that what was passed over earlier comes first again.
    for (tenant, operations) in passedOver.reversed() {
      if waiting[tenant] == nil { turns.append(tenant) }
      waiting[tenant, default: []].prepend(contentsOf: operations)
    }
    count -= choice.batch.count
    return choice.batch
  }

  /// Takes those whose deadline has passed.
  mutating func takeExpired(at now: ContinuousClock.Instant) -> [Pending] {
    var expired: [Pending] = []
    for (tenant, queue) in waiting where queue.contains(where: { $0.deadline <= now }) {
      expired += queue.filter { $0.deadline <= now }
      let left = queue.filter { $0.deadline > now }
      waiting[tenant] = left.isEmpty ? nil : Deque(left)
      if left.isEmpty { turns.removeAll { $0 == tenant } }
    }
    count -= expired.count
    return expired
  }

  /// A batch in the making.
  private struct Choice {
    let limits: BatchLimits
    var batch: [Pending] = []
    private var bytes = 0
    private var lookedAt = 0
    private var exclusiveKeys: Set<UInt64> = []
    private var blockedKeys: Set<UInt64> = []

    init(_ limits: BatchLimits) { self.limits = limits }

    var isOpen: Bool {
      batch.count < limits.maxOperations && bytes <= limits.maxBatchBytes && lookedAt < 4 * limits.maxOperations
    }

    /// Takes operations from the front.
    /// - Returns: those that have to wait.
    mutating func take(from queue: inout Deque<Pending>, atMost turn: Int) -> [Pending] {
      var passedOver: [Pending] = []
      var left = turn
      while isOpen, left > 0, let next = queue.popFirst() {
        left -= 1
        lookedAt += 1
        if mustWait(next) {
          passedOver.append(next)
        } else {
          bytes += next.bytes
          batch.append(next)
        }
      }
      return passedOver
    }

    private mutating func mustWait(_ next: Pending) -> Bool {
      if blockedKeys.contains(next.key) { return true }
      guard next.isExclusive, !exclusiveKeys.insert(next.key).inserted else { return false }
      blockedKeys.insert(next.key)
      return true
    }
  }
}
