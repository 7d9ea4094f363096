internal import Logging
internal import Postgres

/// The queue of one lane and the thread that empties it.
internal final class BatchLane<Executor: BatchExecutor>: Sendable {
  typealias Pending = PendingOperation<Executor.Operation, Executor.Outcome>

  /// What callers and the thread share.
  struct Inbox: Sendable {
    var arrived: [Pending] = []
    /// Set once the lane is to stop: nothing arrives any more, and nothing is tried after it.
    var stopDeadline: ContinuousClock.Instant?
    var thread: NativeThread?
  }

  private let inbox = Monitor(Inbox())

  init(
    number: Int, configuration: PostgresConfiguration, executor: Executor, limits: BatchLimits, counters: BatchCounters,
    logger: Logger, delivering: @escaping @Sendable (() -> Void) -> Void,
    onDoubtSettled: @escaping @Sendable () -> Void
  ) {
    let inbox = inbox
    let thread = NativeThread(name: "pg-lane-\(number)") {
      let runner = BatchLaneRunner(
        inbox: inbox, configuration: configuration, executor: executor, limits: limits, counters: counters,
        logger: logger, delivering: delivering, onDoubtSettled: onDoubtSettled)
      runner.run()
    }
    inbox.withLock { $0.thread = thread }
  }

  /// Adds an operation; false when the lane is stopping.
  func enqueue(_ pending: Pending) -> Bool {
    inbox.withLockAndSignal { inbox in
      guard inbox.stopDeadline == nil else { return false }
      inbox.arrived.append(pending)
      return true
    }
  }

  func stop(by deadline: ContinuousClock.Instant) {
    inbox.withLockAndBroadcast { $0.stopDeadline = $0.stopDeadline ?? deadline }
  }

  /// Blocks until the thread has ended.
  func join() {
    let thread = inbox.withLock { inbox in
      defer { inbox.thread = nil }
      return inbox.thread
    }
    thread?.join()
  }
}
