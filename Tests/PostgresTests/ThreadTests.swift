import Postgres
import PostgresCluster
import TestSupport
import Testing

@Suite("Threads over connections", .timeLimit(.minutes(3)))
struct ThreadTests {
  @Test("a pool runs jobs side by side, and reads go on after Postgres was killed and came back")
  func poolSurvives() async throws {
    try await withCluster { cluster in
      let pool = PostgresPool(
        PostgresConfiguration(connectionString: cluster.connectionString), limits: .init(size: 2),
        logger: TestCluster.logger)
      let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
        for value in 1...100 {
          group.addTask { try await pool.run { try $0.execute(Echo(value: Int64(value))).rows[0] } }
        }
        return try await group.reduce(0, +)
      }
      #expect(sum == 5050)
      await cluster.kill9()
      async let waiting = pool.run { try $0.execute(Echo(value: 7)).rows[0] }
      try await cluster.restart()
      let value = try await waiting
      #expect(value == 7)
      await pool.shutdown()
    }
  }

  @Test("a pool refuses jobs beyond its queue, at once")
  func poolQueueFull() async throws {
    let cluster = try await TestCluster.shared()
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: cluster.connectionString), limits: .init(size: 1, waiting: 1),
      logger: TestCluster.logger)
    let started = Signal<Void>()
    let proceed = Monitor(false)
    async let running: Void = pool.run { _ in
      started.send(())
      _ = proceed.wait { $0 ? true : nil }
    }
    _ = await started.next()
    let results = Signal<PostgresError.Code?>()
    pool.submit({ _ in 1 }, completion: { _ in results.send(nil) })
    pool.submit({ _ in 2 }) { result in
      if case .failure(let error as PostgresError) = result { results.send(error.code) }
    }
    #expect(await results.next() == [.queueFull])
    proceed.withLockAndBroadcast { $0 = true }
    try await running
    #expect(await results.next() == [nil])
    await pool.shutdown()
    await #expect(throws: PostgresError.self) { try await pool.run { _ in } }
  }

  @Test("a pool gives up at the deadline when there is no database")
  func poolUnavailable() async throws {
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: "host=127.0.0.1 port=1 dbname=x"), logger: TestCluster.logger)
    let error = await #expect(throws: PostgresError.self) { try await pool.run(timeout: .milliseconds(100)) { _ in } }
    #expect(error?.code == .connectionFailed)
    await pool.shutdown()
  }

  @Test("a listener hears notifications, and listens again after Postgres was killed and came back")
  func listener() async throws {
    try await withCluster { cluster in
      let configuration = PostgresConfiguration(connectionString: cluster.connectionString)
      let connected = Signal<Void>()
      let heard = Signal<PostgresNotification>()
      let listener = PostgresListener(
        configuration, channels: ["news", "odd \"name"], logger: TestCluster.logger,
        onConnected: { connected.send(()) },
        onNotification: { heard.send($0) })
      listener.start()
      let pool = PostgresPool(configuration, limits: .init(size: 1), logger: TestCluster.logger)
      for payload in ["first", "second"] {
        _ = await connected.next()
        try await pool.run { _ = try $0.execute(NotifyChannel(payload: payload)) }
        #expect(await heard.next() == [PostgresNotification(channel: "news", payload: payload)])
        guard payload == "first" else { break }
        await cluster.kill9()
        try await cluster.restart()
      }
      await listener.shutdown()
      await pool.shutdown()
    }
  }
}
