package import Logging
package import Postgres
internal import Synchronization

/// Gathers operations into batches, a few lanes side by side, each with a thread and a connection of its own.
///
/// A lane takes everything that waits when its previous commit returns: no timer, no latency when idle, group commit when
/// busy. While Postgres is away operations wait, until their deadline. An operation at fault by itself fails alone.
///
/// One lane more, the express lane, is for tenants that ask little while others keep the lanes busy (`FairShare`).
package final class Batcher<Executor: BatchExecutor>: Sendable {
  package typealias Operation = Executor.Operation
  package typealias Outcome = Executor.Outcome

  private let executor: Executor
  private let limits: BatchLimits
  private let counters = BatchCounters()
  /// The last one is the express lane.
  private let lanes: [BatchLane<Executor>]
  private let router: Mutex<LaneRouter>

  /// Starts the lanes; each connects by itself, now or when the database is there.
  ///
  /// - Parameters:
  ///   - lanes: threads and connections; operations are spread over them by their key. There is one more, the express lane.
  ///   - delivering: called on a lane's thread with a body that calls completions, at most `completionsAtOnce` of them, and
  ///     calls it: the place to gather what they hand to others. Default: nothing around them.
  ///   - onDoubtSettled: called on a lane's thread when a batch whose commit was in doubt can be looked at: if it took effect,
  ///     nobody has heard of what it did, and its operations, carried out again, are refused.
  package init(
    _ configuration: PostgresConfiguration, lanes: Int, executor: Executor, limits: BatchLimits = BatchLimits(),
    logger: Logger, delivering: @escaping @Sendable (() -> Void) -> Void = { $0() },
    onDoubtSettled: @escaping @Sendable () -> Void = {}
  ) {
    precondition(lanes > 0, "a batcher has at least one lane")
    self.executor = executor
    self.limits = limits
    let counters = counters
    router = Mutex(LaneRouter(lanes: lanes))
    self.lanes = (0...lanes).map { number in
      BatchLane(
        number: number, configuration: configuration, executor: executor, limits: limits, counters: counters,
        logger: logger, delivering: delivering, onDoubtSettled: onDoubtSettled)
    }
  }

  /// Puts an operation into its lane's queue.
  ///
  /// - Parameters:
  ///   - tenant: whose work it is. Nil: nobody's; it is carried out in order all the same, but never gets ahead of the busy.
  ///   - timeout: how long it may wait for the database. Default: the limits' `timeout`.
  ///   - completion: called exactly once, on the lane's thread after the COMMIT; or at once, on the caller's, with
  ///     `queueFull`, or `unavailable` during shutdown. It must not block.
  package func submit(
    _ operation: Operation, of tenant: Tenant? = nil, timeout: Duration? = nil,
    completion: @escaping @Sendable (Result<Outcome, StoreError>) -> Void
  ) {
    let bytes = executor.byteCount(operation)
    guard counters.reserve(bytes: bytes, limits: limits) else { return completion(.failure(.queueFull)) }
    let key = executor.key(operation)
    let route = router.withLock { $0.begin(key, of: tenant ?? .unknown) }
    let pending = PendingOperation<Operation, Outcome>(
      operation: operation, key: key, isExclusive: executor.exclusive(operation), bytes: bytes, tenant: route.tenant,
      deadline: .now + (timeout ?? limits.timeout)
    ) { [self] result in
      router.withLock { $0.end(key) }
      completion(result)
    }
    guard lanes[route.lane].enqueue(pending) else {
      counters.release(count: 1, bytes: bytes)
      return pending.completion(.failure(.unavailable("the coordinator is shutting down")))
    }
  }

  /// The same, suspending the task. Cancelling the task does not take the operation back.
  package func submit(
    _ operation: Operation, of tenant: Tenant? = nil, timeout: Duration? = nil
  ) async throws(StoreError) -> Outcome {
    let result = await withCheckedContinuation { continuation in
      submit(operation, of: tenant, timeout: timeout) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// Refuses new operations, carries out what waits for as long as `draining`, fails the rest with `unavailable`, and closes
  /// the connections.
  package func shutdown(draining: Duration = .seconds(10)) async {
    for lane in lanes { lane.stop(by: .now + draining) }
    let lanes = lanes
    try? await NativeThread.run(name: "pg-lanes-stop") { for lane in lanes { lane.join() } }
  }

  /// What was done so far.
  package var statistics: BatchStatistics { counters.snapshot }
}
