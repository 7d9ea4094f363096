import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@Suite("The batcher", .timeLimit(.minutes(2)))
struct BatcherTests {
  typealias Outcome = Result<Written, StoreError>

  /// A database with the table, and a batcher over it that is shut down afterwards.
  private func withBatcher(
    lanes: Int = 1, limits: BatchLimits = BatchLimits(), executor: NumberExecutor = NumberExecutor(),
    delivering: @escaping @Sendable (() -> Void) -> Void = { $0() },
    onDoubtSettled: @escaping @Sendable () -> Void = {},
    _ body: (Batcher<NumberExecutor>, TestDatabase) async throws -> Void
  ) async throws {
    try await withDatabase { database in
      try await database.withConnection { try $0.executeScript(NumberExecutor.table) }
      let batcher = Batcher(
        database.configuration, lanes: lanes, executor: executor, limits: limits, logger: TestCluster.logger,
        delivering: delivering, onDoubtSettled: onDoubtSettled)
      do {
        try await body(batcher, database)
        await batcher.shutdown()
      } catch {
        await batcher.shutdown()
        throw error
      }
    }
  }

  private func submitAll(_ batcher: Batcher<NumberExecutor>, _ writes: [Write]) async -> [Outcome] {
    let outcomes = Signal<(Int, Outcome)>()
    for (index, write) in writes.enumerated() { batcher.submit(write) { outcomes.send((index, $0)) } }
    return await outcomes.next(writes.count).sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func written(_ database: TestDatabase) async throws -> [Int32] {
    try await database.withConnection { try $0.execute(ListWrites()).rows.map(\.number) }
  }

  @Test("answers after the commit, many operations to a commit")
  func groups() async throws {
    try await withBatcher(lanes: 2) { (batcher, database) async throws -> Void in
      let outcomes = await submitAll(batcher, (0..<2000).map { Write(number: $0, key: UInt64($0)) })
      #expect(outcomes.allSatisfy { $0 == .success(.now) })
      #expect(try await written(database).count == 2000)
      let statistics = batcher.statistics
      #expect(statistics.operations == 2000)
      #expect(statistics.commits < 500)
      #expect(statistics.statements == statistics.commits)
      #expect(statistics.queued == 0)
    }
  }

  @Test("keeps the order of a key, over lanes and exclusive operations")
  func order() async throws {
    let limits = BatchLimits(maxOperations: 16)
    try await withBatcher(lanes: 4, limits: limits) { (batcher, database) async throws -> Void in
      let writes = (0..<1000).map { Write(number: $0, key: UInt64($0 % 13), isExclusive: $0 % 3 == 0) }
      _ = await submitAll(batcher, writes)
      let rows = try await database.withConnection {
        try $0.execute(ListWrites()).rows.map { [Int64($0.number), $0.key] }
      }
      for key in 0..<13 as Range<Int64> {
        let numbers = rows.filter { $0[1] == key }.map { $0[0] }
        #expect(numbers == numbers.sorted())
      }
    }
  }

  @Test("lets an operation at fault fail alone, and carries out its neighbours")
  func poison() async throws {
    try await withBatcher { (batcher, database) async throws -> Void in
      let writes = (0..<200).map { number in
        Write(number: number, note: number == 77 ? "poison" : number == 150 ? "nul\0" : "fine")
      }
      let outcomes = await submitAll(batcher, writes)
      for (number, outcome) in outcomes.enumerated() {
        switch (number, outcome) {
        case (77, .failure(.constraint("notes_are_fine"))), (150, .failure(.invalidData)): break
        default: #expect(outcome == .success(.now), "\(number)")
        }
      }
      let numbers = try await written(database)
      #expect(numbers == (0..<200).filter { $0 != 77 && $0 != 150 })
      #expect(batcher.statistics.splits > 0)
    }
  }

  @Test("refuses what its queue has no room for, at once")
  func queueFull() async throws {
    let started = Signal<Void>()
    let proceed = Monitor(false)
    let executor = NumberExecutor(beforeExecute: { _, _ in
      started.send(())
      _ = proceed.wait { $0 ? true : nil }
    })
    try await withBatcher(limits: BatchLimits(maxQueued: 3), executor: executor) { (batcher, _) async throws -> Void in
      let outcomes = Signal<Outcome>()
      batcher.submit(Write(number: 0)) { outcomes.send($0) }
      _ = await started.next()
      for number in 1...2 as ClosedRange<Int32> { batcher.submit(Write(number: number)) { outcomes.send($0) } }
      await #expect(throws: StoreError.queueFull) { try await batcher.submit(Write(number: 3)) }
      proceed.withLockAndBroadcast { $0 = true }
      #expect(await outcomes.next(3) == [.success(.now), .success(.now), .success(.now)])
      #expect(try await batcher.submit(Write(number: 3)) == .now)
    }
  }

  @Test("tries again after a serialization failure or a deadlock, and gives up with a conflict")
  func conflicts() async throws {
    let failures = Mutex(3)
    let executor = NumberExecutor(beforeExecute: { writes, _ in
      let isFailing = failures.withLock { left in
        left -= 1
        return left >= 0
      }
      if isFailing || writes.contains(where: { $0.number == 9 }) {
        throw PostgresError(.server(isFailing ? .deadlockDetected : .serializationFailure), "as a test wants it")
      }
    })
    try await withBatcher(executor: executor) { (batcher, _) async throws -> Void in
      #expect(try await batcher.submit(Write(number: 1)) == .now)
      #expect(batcher.statistics.conflicts == 3)
      let outcomes = await submitAll(batcher, (8...10).map { Write(number: $0) })
      #expect(outcomes[0] == .success(.now))
      #expect(outcomes[2] == .success(.now))
      guard case .failure(.conflict) = outcomes[1] else { return #expect(Bool(false), "\(outcomes[1])") as Void }
    }
  }

  @Test("fails operations whose deadline passes while the database is away, and says that nothing was done")
  func unavailable() async throws {
    let batcher = Batcher(
      PostgresConfiguration(connectionString: "host=127.0.0.1 port=1 dbname=x"), lanes: 1, executor: NumberExecutor(),
      logger: TestCluster.logger)
    let outcomes = Signal<Outcome>()
    batcher.submit(Write(number: 1), timeout: .milliseconds(100)) { outcomes.send($0) }
    guard case .failure(.unavailable) = await outcomes.next()[0] else { return #expect(Bool(false)) as Void }
    batcher.submit(Write(number: 2)) { outcomes.send($0) }
    await batcher.shutdown(draining: .milliseconds(50))
    guard case .failure(.unavailable) = await outcomes.next()[0] else { return #expect(Bool(false)) as Void }
    await #expect(throws: StoreError.unavailable("the coordinator is shutting down")) {
      try await batcher.submit(Write(number: 3))
    }
  }

  @Test("carries out what waits before it shuts down")
  func drains() async throws {
    try await withDatabase { database in
      try await database.withConnection { try $0.executeScript(NumberExecutor.table) }
      let batcher = Batcher(database.configuration, lanes: 1, executor: NumberExecutor(), logger: TestCluster.logger)
      let outcomes = Signal<Outcome>()
      for number in 0..<500 as Range<Int32> { batcher.submit(Write(number: number)) { outcomes.send($0) } }
      await batcher.shutdown()
      #expect(await outcomes.next(500).allSatisfy { $0 == .success(.now) })
    }
  }

  @Test("calls the completions of a batch in portions, each within what is around deliveries")
  func portions() async throws {
    let events = Mutex<[String]>([])
    let delivering: @Sendable (() -> Void) -> Void = { body in
      events.withLock { $0.append("begin") }
      body()
      events.withLock { $0.append("end") }
    }
    let gate = Signal<Void>()
    let finished = Signal<Void>()
    try await withBatcher(
      limits: BatchLimits(completionsAtOnce: 2), delivering: delivering
    ) { (batcher, _) async throws -> Void in
      // What is submitted meanwhile is one batch.
      batcher.submit(Write(number: 0)) { _ in
        for number in 1...3 as ClosedRange<Int32> {
          batcher.submit(Write(number: number)) { _ in
            events.withLock { $0.append("\(number)") }
            finished.send(())
          }
        }
        gate.send(())
      }
      _ = await gate.next()
      _ = await finished.next(3)
    }
    #expect(events.withLock { $0 } == ["begin", "end", "begin", "1", "2", "end", "begin", "3", "end"])
  }

  @Test("settles a batch whose session was ended at its commit by looking: written once, answered, order kept")
  func settlesByLooking() async throws {
    let losses = Mutex(1)
    let settled = Mutex<[Int]>([])
    let doubts = Mutex(0)
    let isLost: @Sendable () -> Bool = {
      losses.withLock { left in
        left -= 1
        return left >= 0
      }
    }
    var executor = NumberExecutor()
    executor.settled = { count in settled.withLock { $0.append(count) } }
    // The commit took effect, and its answer was lost.
    executor.afterCommit = { _, _ in
      if isLost() { throw PostgresError(.connectionLost, "as a test wants it", isFateUnknown: true) }
    }
    let onDoubtSettled: @Sendable () -> Void = { doubts.withLock { $0 += 1 } }
    try await withBatcher(executor: executor, onDoubtSettled: onDoubtSettled) {
      (batcher, database) async throws -> Void in
      #expect(try await batcher.submit(Write(number: 1)) == .before)
      #expect(settled.withLock { $0 } == [1])
      #expect(try await written(database) == [1])
    }
    #expect(doubts.withLock { $0 } == 1, "whoever must look for what it did is told")
    // It did not take effect.
    losses.withLock { $0 = 1 }
    executor.afterCommit = { _, _ in }
    executor.beforeExecute = { _, _ in
      if isLost() { throw PostgresError(.connectionLost, "as a test wants it", isFateUnknown: true) }
    }
    try await withBatcher(executor: executor, onDoubtSettled: onDoubtSettled) {
      (batcher, database) async throws -> Void in
      #expect(try await batcher.submit(Write(number: 1)) == .now)
      #expect(settled.withLock { $0 } == [1, 0])
      #expect(try await written(database) == [1])
    }
    #expect(doubts.withLock { $0 } == 2)
    // It is lost before its commit was asked for: it is run again, and nobody need look.
    losses.withLock { $0 = 1 }
    executor.beforeExecute = { _, _ in if isLost() { throw PostgresError(.connectionLost, "as a test wants it") } }
    try await withBatcher(executor: executor, onDoubtSettled: onDoubtSettled) { (batcher, _) async throws -> Void in
      #expect(try await batcher.submit(Write(number: 1)) == .now)
    }
    #expect(doubts.withLock { $0 } == 2)
  }

  /// Batches with negative numbers, the busy tenant's, stand still: at most so long that a test fails and does not hang.
  private func standingStill(_ begun: Signal<Int>, until mayGoOn: Monitor<Bool>) -> NumberExecutor {
    NumberExecutor(beforeExecute: { writes, _ in
      guard writes.contains(where: { $0.number < 0 }) else { return }
      begun.send(writes.count)
      _ = mayGoOn.wait(until: .now + .seconds(10)) { $0 ? true : nil }
    })
  }

  @Test("a quiet tenant's operations do not wait for a busy one's batches")
  func tenants() async throws {
    let (begun, mayGoOn) = (Signal<Int>(), Monitor(false))
    let executor = standingStill(begun, until: mayGoOn)
    try await withBatcher(lanes: 2, executor: executor) { (batcher, database) async throws -> Void in
      let (busy, quiet) = (Tenant(namespace: "busy", queue: "q"), Tenant(namespace: "quiet", queue: "q"))
      let outcomes = Signal<Outcome>()
      for number in 1...200 as ClosedRange<Int32> {
        batcher.submit(Write(number: -number, key: UInt64(number)), of: busy) { outcomes.send($0) }
      }
      _ = await begun.next(2)
      for number in 0..<10 as Range<Int32> {
        #expect(try await batcher.submit(Write(number: number, key: 1_000 + UInt64(number)), of: quiet) == .now)
      }
      #expect(try await written(database) == Array(0..<10))
      mayGoOn.withLockAndBroadcast { $0 = true }
      #expect(await outcomes.next(200).allSatisfy { $0 == .success(.now) })
    }
  }

  @Test("a run's operations keep their order whether they name their tenant or not")
  func namedAndUnnamed() async throws {
    let (begun, mayGoOn) = (Signal<Int>(), Monitor(false))
    let executor = standingStill(begun, until: mayGoOn)
    try await withBatcher(lanes: 1, executor: executor) { (batcher, database) async throws -> Void in
      let (busy, quiet) = (Tenant(namespace: "busy", queue: "q"), Tenant(namespace: "quiet", queue: "q"))
      let outcomes = Signal<Outcome>()
      for number in 1...200 as ClosedRange<Int32> {
        batcher.submit(Write(number: -number, key: UInt64(number)), of: busy) { outcomes.send($0) }
      }
      _ = await begun.next()
      // The first waits behind the busy tenant's batch: the second must not use the express lane then.
      batcher.submit(Write(number: 1, key: 1_000)) { outcomes.send($0) }
      batcher.submit(Write(number: 2, key: 1_000), of: quiet) { outcomes.send($0) }
      // One of another run does: by now the second would have been written.
      #expect(try await batcher.submit(Write(number: 3, key: 1_001), of: quiet) == .now)
      #expect(try await written(database) == [3])
      mayGoOn.withLockAndBroadcast { $0 = true }
      #expect(await outcomes.next(202).allSatisfy { $0 == .success(.now) })
      #expect(try await written(database).filter { $0 > 0 } == [3, 1, 2])
    }
  }
}
