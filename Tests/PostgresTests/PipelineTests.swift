import Postgres
import TestSupport
import Testing

@Suite("A pipeline", .timeLimit(.minutes(2)))
struct PipelineTests {
  private let table = "CREATE TABLE numbers (number int CONSTRAINT numbers_are_small CHECK (number < 1000))"

  @Test("of a thousand statements is one round trip, and each finds its answer")
  func thousand() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let before = connection.roundTripCount
        let pipeline = PostgresPipeline()
        let replies = (0..<1000).map { pipeline.add(Echo(value: Int64($0))) }
        try connection.execute(pipeline)
        #expect(replies.map { $0.rows[0] } == Array(0..<1000))
        #expect(connection.roundTripCount == before + 1)
      }
    }
  }

  @Test("larger than all buffers on the way does not lock both ends")
  func large() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let pipeline = PostgresPipeline()
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let replies = (0..<48).map { _ in pipeline.add(EchoPlainArrays(texts: [], bytes: [bytes])) }
        try connection.execute(pipeline)
        #expect(replies.allSatisfy { $0.rows[0].bytes == [bytes] })
      }
    }
  }

  @Test(
    "with an error in its middle does nothing of its transaction, names the constraint, and the connection lives on")
  func errorInTheMiddle() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        try connection.executeScript(table)
        let failing = PostgresPipeline()
        for number in [1, 2, 1000, 3] as [Int32] { failing.add(InsertNumber(number: number)) }
        let error = #expect(throws: PostgresError.self) { try connection.execute(failing) }
        #expect(error?.fault == .constraint("numbers_are_small"))
        #expect(error?.statement == "insert_number")
        #expect(try connection.execute(CountNumbers()).rows == [0])
        let pipeline = PostgresPipeline()
        let reply = pipeline.add(InsertNumber(number: 4))
        try connection.execute(pipeline)
        #expect(reply.affectedRows == 1)
        #expect(try connection.execute(CountNumbers()).rows == [1])
      }
    }
  }

  @Test("prepares a statement again whose first prepare was skipped by an error before it")
  func skippedPrepare() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        try connection.executeScript(table)
        let pipeline = PostgresPipeline()
        pipeline.add(InsertNumber(number: 1000))
        pipeline.add(CountNumbers())
        #expect(throws: PostgresError.self) { try connection.execute(pipeline) }
        #expect(try connection.execute(CountNumbers()).rows == [0])
      }
    }
  }

  @Test("fails at its commit when a deferred constraint does")
  func deferred() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        try connection.executeScript(
          "CREATE TABLE numbers (number int CONSTRAINT numbers_are_unique UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        let pipeline = PostgresPipeline()
        pipeline.add(InsertNumber(number: 1))
        pipeline.add(InsertNumber(number: 1))
        let error = #expect(throws: PostgresError.self) { try connection.execute(pipeline) }
        #expect(error?.fault == .constraint("numbers_are_unique"))
        #expect(try connection.execute(CountNumbers()).rows == [0])
      }
    }
  }

  @Test("past its deadline drops the connection, says that its fate is unknown, and ends the statement on the server")
  func deadline() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let error = #expect(throws: PostgresError.self) {
          try connection.execute(Sleep(seconds: 60), timeout: .milliseconds(50))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.fault == .fateUnknown)
        #expect(!connection.isUsable)
        #expect(throws: PostgresError.self) { try connection.execute(Echo(value: 1)) }
        let second = try PostgresConnection(database.configuration, logger: TestCluster.logger)
        let patience = ContinuousClock.now + .seconds(20)
        while try second.execute(CountSleepers()).rows[0] > 0, .now < patience {}
        #expect(try second.execute(CountSleepers()).rows == [0])
      }
    }
  }

  @Test("of more statements than the limit is refused")
  func tooMany() async throws {
    try await withDatabase { database in
      try await database.withConnection { connection in
        let pipeline = PostgresPipeline()
        for _ in 0...PostgresLimits.pipelineStatements { pipeline.add(CountNumbers()) }
        let error = #expect(throws: PostgresError.self) { try connection.execute(pipeline) }
        #expect(error?.code == .tooLarge)
        #expect(connection.isUsable)
      }
    }
  }

  @Test("inside withTransaction is rolled back with it when the body throws")
  func rollback() async throws {
    struct Stop: Error {}
    try await withDatabase { database in
      try await database.withConnection { connection in
        try connection.executeScript(table)
        #expect(throws: Stop.self) {
          try connection.withTransaction { connection in
            try connection.execute(InsertNumber(number: 1))
            throw Stop()
          }
        }
        #expect(try connection.execute(CountNumbers()).rows == [0])
        let count = try connection.withTransaction { connection in
          try connection.execute(InsertNumber(number: 1))
          return try connection.execute(CountNumbers()).rows[0]
        }
        #expect(count == 1)
      }
    }
  }

  @Test("on a session that was ended says so: known before the commit, and the other session is gone")
  func endedSession() async throws {
    try await withDatabase { database in
      try await database.withConnection { first in
        let second = try PostgresConnection(database.configuration, logger: TestCluster.logger)
        #expect(try second.end(first.backend))
        let error = #expect(throws: PostgresError.self) { try first.execute(Echo(value: 1)) }
        #expect(error?.fault == .reconnect || error?.fault == .fateUnknown)
        #expect(!first.isUsable)
        #expect(try second.end(first.backend))
      }
    }
  }
}
