package import Logging
package import Meters
package import Postgres

/// The database as the layers above see it: operations in batches, reads on their own connections.
package final class Store: Sendable {
  package let batcher: Batcher<OperationExecutor>
  /// Reads and rare writes, from when they were asked for until they were done, in seconds.
  package let readLatencies = Histogram(bounds: Histogram.latencyBounds)
  package let failedReads = Counter()
  /// Look-ups for tasks and waiters, in seconds.
  package let lookupLatencies = Histogram(bounds: Histogram.latencyBounds)
  /// Operations of committed batches by verb.
  package let operationCounts = NamedCounters()
  /// What was asked of the server, by what the connections are for.
  package let traffic: (lanes: PostgresTraffic, reads: PostgresTraffic, lookups: PostgresTraffic)
  /// Yields when commits may have taken effect of which nobody has heard: a connection was lost under one and its fate can be
  /// looked at now, the database answers again, or another coordinator may be dead. For one reader.
  package let unheard: AsyncStream<Void>
  private let noteUnheardCommits: AsyncStream<Void>.Continuation
  private let pool: PostgresPool
  private let lookups: PostgresPool

  /// How many connections there are of each kind.
  package struct Connections: Sendable {
    /// For what is written, in batches; one more is kept for tenants that ask little while others keep these busy.
    package var lanes: Int
    /// For what people and services ask.
    package var reads: Int
    /// For what tasks and waiters need at once.
    package var lookups: Int

    package init(lanes: Int, reads: Int, lookups: Int) {
      self.lanes = lanes
      self.reads = reads
      self.lookups = lookups
    }
  }

  /// Connects by itself, now or when the database is there.
  ///
  /// - Parameter delivering: see `Batcher`.
  package init(
    _ database: PostgresConfiguration, connections: Connections, logger: Logger,
    delivering: @escaping @Sendable (() -> Void) -> Void = { $0() }
  ) {
    let (forLanes, forReads, forLookups) = (
      database.forBatches().countedApart(), database.forReads().countedApart(), database.forBatches().countedApart()
    )
    traffic = (forLanes.traffic, forReads.traffic, forLookups.traffic)
    let (unheard, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.unheard = unheard
    noteUnheardCommits = continuation
    // Made here, in the module of the batcher's code, so that the compiler makes that code for this very executor.
    batcher = Batcher(
      forLanes, lanes: connections.lanes, executor: OperationExecutor(operations: operationCounts),
      logger: logger, delivering: delivering, onDoubtSettled: { continuation.yield() })
    pool = PostgresPool(
      forReads, limits: .init(size: connections.reads, waiting: 20_000), logger: logger)
    lookups = PostgresPool(
      forLookups, limits: .init(size: connections.lookups, waiting: 20_000), logger: logger)
  }

  /// Carries out what waits, then closes all connections.
  package func shutdown() async {
    await batcher.shutdown()
    await pool.shutdown()
    await lookups.shutdown()
  }

  /// Commits may have taken effect of which nobody has heard: `unheard` yields.
  package func noteUnheard() { noteUnheardCommits.yield() }

  /// Queues one operation; `completion` runs on the lane's thread after its commit. A full queue answers at once.
  ///
  /// - Parameter tenant: whose work it is, where that is at hand: a quiet one need not wait for a busy one. Order does not depend
  ///   on it.
  package func submit(
    _ operation: Operation, of tenant: Tenant? = nil,
    completion: @escaping @Sendable (Result<Outcome, StoreError>) -> Void
  ) {
    batcher.submit(operation, of: tenant, completion: completion)
  }

  /// The same, suspending the task.
  package func submit(_ operation: Operation, of tenant: Tenant? = nil) async throws(StoreError) -> Outcome {
    let result: Result<Outcome, StoreError> = await withCheckedContinuation { continuation in
      submit(operation, of: tenant) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// Runs a reading statement on the read connections.
  package func read<Statement: PostgresStatement & Sendable>(
    _ statement: Statement
  ) async throws(StoreError) -> [Statement.Row] {
    try await read { try $0.execute(statement).rows }
  }

  /// The same, calling back on the reading thread.
  package func read<Statement: PostgresStatement & Sendable>(
    _ statement: Statement, completion: @escaping @Sendable (Result<[Statement.Row], StoreError>) -> Void
  ) {
    let begin = ContinuousClock.now
    pool.submit({ try $0.execute(statement).rows }) { [self] result in
      note(begin, isFailed: (try? result.get()) == nil)
      completion(result.mapError(StoreError.init(translating:)))
    }
  }

  /// Runs several reading statements one after the other on one connection.
  package func read<Result: Sendable>(
    repeatsAfterLoss: Bool = true, _ body: @escaping @Sendable (PostgresConnection) throws -> Result
  ) async throws(StoreError) -> Result {
    let begin = ContinuousClock.now
    do {
      let result = try await pool.run(repeatsAfterLoss: repeatsAfterLoss, body)
      note(begin, isFailed: false)
      return result
    } catch {
      note(begin, isFailed: true)
      throw StoreError(translating: error)
    }
  }

  private func note(_ begin: ContinuousClock.Instant, isFailed: Bool) {
    readLatencies.observe(ContinuousClock.now - begin)
    if isFailed { failedReads.add() }
  }

  /// Runs a look-up on the connections kept for them.
  package func read<Statement: LookupStatement & Sendable>(
    _ statement: Statement
  ) async throws(StoreError) -> [Statement.Row] {
    try await lookUp { try $0.execute(statement).rows }
  }

  /// The same, calling back on the reading thread.
  package func read<Statement: LookupStatement & Sendable>(
    _ statement: Statement, completion: @escaping @Sendable (Result<[Statement.Row], StoreError>) -> Void
  ) {
    let begin = ContinuousClock.now
    lookups.submit({ try $0.execute(statement).rows }) { [self] result in
      lookupLatencies.observe(ContinuousClock.now - begin)
      completion(result.mapError(StoreError.init(translating:)))
    }
  }

  /// Runs several look-ups one after the other on one connection.
  package func lookUp<Result: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Result
  ) async throws(StoreError) -> Result {
    let begin = ContinuousClock.now
    do {
      let result = try await lookups.run(body)
      lookupLatencies.observe(ContinuousClock.now - begin)
      return result
    } catch {
      throw StoreError(translating: error)
    }
  }

  /// Runs one rare writing statement (registrations, sessions) outside the lanes. Each is safe to run twice.
  /// - Parameter repeatsAfterLoss: whether it is run again when the connection is lost under it: pass false if its rows tell
  ///   something that only the first run finds.
  package func write<Statement: PostgresStatement & Sendable>(
    _ statement: Statement, repeatsAfterLoss: Bool = true
  ) async throws(StoreError) -> [Statement.Row] {
    try await read(repeatsAfterLoss: repeatsAfterLoss) { try $0.execute(statement).rows }
  }

  /// The same, calling back on the writing thread.
  package func write<Statement: PostgresStatement & Sendable>(
    _ statement: Statement, completion: @escaping @Sendable (Result<[Statement.Row], StoreError>) -> Void
  ) {
    read(statement, completion: completion)
  }
}
