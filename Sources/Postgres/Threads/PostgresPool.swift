package import Logging

/// A fixed number of threads, a connection each, that take jobs from one bounded queue: for reads, so that they never delay a commit.
///
/// Connections are made when first needed and made again, with backoff, when lost. With `size: 1` it is a single thread
/// that keeps the order of its jobs.
package final class PostgresPool: Sendable {
  /// The pool's limits.
  package struct Limits: Sendable {
    /// Threads and connections. Default 4.
    package var size: Int
    /// Jobs that may wait. Default 1,000; more are refused with `queueFull`.
    package var waiting: Int
    /// How long a job may wait for a connection, and then run. Default 30 s.
    package var timeout: Duration

    package init(size: Int = 4, waiting: Int = 1000, timeout: Duration = .seconds(30)) {
      self.size = size
      self.waiting = waiting
      self.timeout = timeout
    }
  }

  internal struct State {
    var jobs: [PostgresJob] = []
    var head = 0
    var isStopping = false
    var threads: [NativeThread] = []
  }

  private let limits: Limits
  private let queue = Monitor(State())

  package init(_ configuration: PostgresConfiguration, limits: Limits = Limits(), logger: Logger) {
    self.limits = limits
    let threads = (0..<max(1, limits.size)).map { index in
      let worker = PostgresPoolWorker(configuration: configuration, queue: queue, logger: logger)
      return NativeThread(name: "pg-read-\(index)") { worker.run() }
    }
    queue.withLock { $0.threads = threads }
  }

  /// Runs `body` on one of the threads with its connection, then calls `completion` on that thread.
  ///
  /// - Parameters:
  ///   - repeatsAfterLoss: whether `body` runs once more, on a new connection, when the connection is lost under it.
  ///     Right for reads; pass false for a body that must not run twice.
  ///   - completion: called exactly once; at once, on the caller's thread, when the job is refused.
  package func submit<Result: Sendable>(
    timeout: Duration? = nil, repeatsAfterLoss: Bool = true,
    _ body: @escaping @Sendable (PostgresConnection) throws -> Result,
    completion: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
  ) {
    let job = PostgresJob(
      deadline: .now + (timeout ?? limits.timeout), repeatsAfterLoss: repeatsAfterLoss,
      attempt: { connection in
        let result: Result
        do { result = try body(connection) } catch { return error }
        completion(.success(result))
        return nil
      },
      fail: { completion(.failure($0)) })
    if let refusal = enqueue(job) { completion(.failure(refusal)) }
  }

  /// The same, suspending the task.
  package func run<Result: Sendable>(
    timeout: Duration? = nil, repeatsAfterLoss: Bool = true,
    _ body: @escaping @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      submit(timeout: timeout, repeatsAfterLoss: repeatsAfterLoss, body) { continuation.resume(with: $0) }
    }
  }

  /// Refuses new jobs, fails those that wait, lets those that run finish, closes the connections.
  package func shutdown() async {
    let (jobs, threads) = queue.withLockAndBroadcast { state in
      state.isStopping = true
      defer { (state.jobs, state.head, state.threads) = ([], 0, []) }
      return (state.jobs[state.head...], state.threads)
    }
    for job in jobs { job.fail(PostgresError(.stopped, "the pool is shut down")) }
    try? await NativeThread.run(name: "pg-read-stop") { for thread in threads { thread.join() } }
  }

  private func enqueue(_ job: PostgresJob) -> PostgresError? {
    queue.withLockAndSignal { state in
      guard !state.isStopping else { return PostgresError(.stopped, "the pool is shut down") }
      guard state.jobs.count - state.head < limits.waiting else {
        return PostgresError(.queueFull, "\(limits.waiting) reads wait already")
      }
      state.jobs.append(job)
      return nil
    }
  }
}

extension PostgresPool.State {
  /// The oldest job; the space of taken ones is given back now and then.
  internal mutating func take() -> PostgresJob? {
    guard head < jobs.count else { return nil }
    let job = jobs[head]
    head += 1
    if head == jobs.count || head >= 256 {
      jobs.removeFirst(head)
      head = 0
    }
    return job
  }
}

/// A body that waits for a connection; its result's type is hidden in its closures.
internal struct PostgresJob: Sendable {
  let deadline: ContinuousClock.Instant
  let repeatsAfterLoss: Bool
  /// Runs the body; on success completes it and gives nil.
  let attempt: @Sendable (PostgresConnection) -> (any Error)?
  let fail: @Sendable (any Error) -> Void
}
