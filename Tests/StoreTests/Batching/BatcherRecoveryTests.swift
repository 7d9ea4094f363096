import Postgres
import PostgresCluster
import Store
import Synchronization
import TestSupport
import Testing

@Suite("The batcher over a server that dies", .timeLimit(.minutes(3)))
struct BatcherRecoveryTests {
  @Test("loses nothing and writes nothing twice while Postgres is killed and comes back, again and again")
  func killed() async throws {
    try await withCluster { cluster in
      let configuration = PostgresConfiguration(connectionString: cluster.connectionString)
      let pool = PostgresPool(configuration, limits: .init(size: 1), logger: TestCluster.logger)
      try await pool.run { try $0.executeScript(NumberExecutor.table) }
      let batcher = Batcher(
        configuration, lanes: 2, executor: NumberExecutor(),
        limits: BatchLimits(maxOperations: 8, timeout: .seconds(90)),
        logger: TestCluster.logger)
      let outcomes = Signal<Result<Written, StoreError>>()
      let total: Int32 = 6000
      for number in 0..<total { batcher.submit(Write(number: number, key: UInt64(number % 97))) { outcomes.send($0) } }
      var received = await outcomes.next(500)
      for _ in 0..<3 {
        await cluster.kill9()
        try await cluster.restart()
        received += await outcomes.next(500)
      }
      received += await outcomes.next(Int(total) - received.count)
      #expect(received.allSatisfy { if case .success = $0 { true } else { false } })
      let rows = try await pool.run { try $0.execute(ListWrites()).rows.map { [Int64($0.number), $0.key] } }
      #expect(rows.count == Int(total))
      for key in 0..<97 as Range<Int64> {
        let numbers = rows.filter { $0[1] == key }.map { $0[0] }
        #expect(numbers == numbers.sorted(), "key \(key)")
      }
      #expect(batcher.statistics.losses > 0)
      await batcher.shutdown()
      await pool.shutdown()
    }
  }
}
