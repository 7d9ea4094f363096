internal import Logging
internal import Postgres
internal import Synchronization

/// Carries out one lane's batches; lives on the lane's thread alone.
internal final class BatchLaneRunner<Executor: BatchExecutor> {
  typealias Pending = PendingOperation<Executor.Operation, Executor.Outcome>
  typealias Group = BatchGroup<Executor.Operation, Executor.Outcome>

  internal let executor: Executor
  internal let limits: BatchLimits
  internal let counters: BatchCounters
  internal let logger: Logger
  private let inbox: Monitor<BatchLane<Executor>.Inbox>
  private let configuration: PostgresConfiguration
  private let delivering: (() -> Void) -> Void
  internal let onDoubtSettled: () -> Void
  private var queue = BatchQueue<Executor.Operation, Executor.Outcome>()
  private var backoff = PostgresBackoff()
  private var connection: PostgresConnection?
  /// Why the database cannot be used, for the error of those that waited for it in vain.
  internal var trouble = "the database was not reached in time"

  init(
    inbox: Monitor<BatchLane<Executor>.Inbox>, configuration: PostgresConfiguration, executor: Executor,
    limits: BatchLimits, counters: BatchCounters, logger: Logger, delivering: @escaping (() -> Void) -> Void,
    onDoubtSettled: @escaping () -> Void
  ) {
    self.inbox = inbox
    self.configuration = configuration
    self.executor = executor
    self.limits = limits
    self.counters = counters
    self.logger = logger
    self.delivering = delivering
    self.onDoubtSettled = onDoubtSettled
  }

  /// Until the lane is stopped and empty.
  func run() {
    connection = try? PostgresConnection(configuration, logger: logger)
    while collect() {
      var groups = [Group(queue.takeBatch(limits))]
      while let group = groups.popLast() { groups.append(contentsOf: advance(group).reversed()) }
    }
  }

  /// Waits until there is something to do; false when there never will be.
  private func collect() -> Bool {
    let isEmpty = queue.isEmpty
    let arrived = inbox.wait { inbox -> [Pending]? in
      guard !inbox.arrived.isEmpty || !isEmpty || inbox.stopDeadline != nil else { return nil }
      defer { inbox.arrived = [] }
      return inbox.arrived
    }
    queue.append(contentsOf: arrived ?? [])
    return !queue.isEmpty
  }

  /// Pauses before another attempt; meanwhile those in the queue whose time is over are told.
  internal func pause(_ duration: Duration) {
    let wake = ContinuousClock.now + duration
    let end = inbox.withLock { $0.stopDeadline.map { min($0, wake) } ?? wake }
    _ = inbox.wait(until: end) { inbox -> Bool? in
      guard let stop = inbox.stopDeadline, stop <= .now else { return nil }
      return true
    }
    queue.append(
      contentsOf: inbox.withLock { inbox in
        defer { inbox.arrived = [] }
        return inbox.arrived
      })
    let expired = queue.takeExpired(at: .now)
    if !expired.isEmpty { fail(expired, .unavailable(trouble)) }
  }

  /// The moment that deadlines are compared with: now, or the end of time once the lane is at its end.
  internal var presentMoment: ContinuousClock.Instant {
    let now = ContinuousClock.now
    guard let stop = inbox.withLock({ $0.stopDeadline }), stop <= now else { return now }
    return now + .seconds(1_000_000_000)
  }

  /// The connection, made anew if need be; nil, after a pause, when it cannot be made now.
  internal func usableConnection() -> PostgresConnection? {
    if let connection, connection.isUsable { return connection }
    connection = nil
    do throws(PostgresError) {
      let made = try PostgresConnection(configuration, logger: logger)
      backoff.reset()
      connection = made
      return made
    } catch {
      trouble = "\(error)"
      logger.debug("postgres is not reachable", metadata: ["error": "\(error)"])
      pause(backoff.next(random: .random(in: 0..<1)))
      return nil
    }
  }

  internal func dropConnection() { connection = nil }

  /// Gives the operations their outcomes; one whose outcome is nil is kept back and returned.
  internal func complete(_ operations: [Pending], _ outcomes: [Executor.Outcome?]) -> [Pending] {
    var kept: [Pending] = []
    var (count, bytes) = (0, 0)
    inPortions(operations.indices) { index in
      guard let outcome = outcomes[index] else {
        kept.append(operations[index])
        return
      }
      count += 1
      bytes += operations[index].bytes
      operations[index].completion(.success(outcome))
    }
    counters.release(count: count, bytes: bytes)
    counters.operations.add(count, ordering: .relaxed)
    return kept
  }

  /// Gives the operations an error.
  internal func fail(_ operations: [Pending], _ error: StoreError) {
    counters.release(count: operations.count, bytes: operations.reduce(0) { $0 + $1.bytes })
    counters.failures.add(operations.count, ordering: .relaxed)
    inPortions(operations.indices) { operations[$0].completion(.failure(error)) }
  }

  /// Calls completions, a portion of them at once: others begin with the first while the lane calls the rest.
  private func inPortions(_ indices: Range<Int>, _ body: (Int) -> Void) {
    var start = indices.lowerBound
    while start < indices.upperBound {
      let portion = start..<min(start + limits.completionsAtOnce, indices.upperBound)
      delivering { for index in portion { body(index) } }
      start = portion.upperBound
    }
  }
}
