import Postgres
import Store
import TestSupport
import Testing

@Suite("The probe of the database", .timeLimit(.minutes(1)))
struct DatabaseProbeTests {
  @Test("checklist 21: a database that answers is reachable, and callers that come together share the answer")
  func answering() async throws {
    try await withDatabase { database in
      let probe = DatabaseProbe(database.configuration, logger: TestCluster.logger)
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 { group.addTask { await probe.check().isReachable } }
        for await isReachable in group { #expect(isReachable) }
      }
      await probe.shutdown()
    }
  }

  @Test("checklist 21: one that cannot be reached is called so within the bound, with the reason")
  func refusing() async {
    let configuration = PostgresConfiguration(connectionString: "host=127.0.0.1 port=1 dbname=x")
    let probe = DatabaseProbe(configuration, logger: TestCluster.logger)
    let begin = ContinuousClock.now
    let answer = await probe.check()
    #expect(!answer.isReachable && answer.failure?.contains("connect") == true)
    #expect(ContinuousClock.now - begin < .seconds(10))
    await probe.shutdown()
  }
}
