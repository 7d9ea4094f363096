import Foundation
import Glibc
import Logging
import Postgres
import TestSupport
import Testing

@testable import PostgresCluster

struct CountRows: PostgresStatement {
  static var name: String { "count_rows" }
  static var sql: String { "SELECT count(*) FROM kept" }
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int { try row.int(0) }
}

@Suite("A private cluster", .timeLimit(.minutes(3)))
struct PostgresClusterTests {
  private func script(_ sql: String, _ connectionString: String) async throws {
    try await NativeThread.run(name: "test") {
      let configuration = PostgresConfiguration(connectionString: connectionString)
      try PostgresConnection(configuration, logger: TestCluster.logger).executeScript(sql)
    }
  }

  private func count(_ connectionString: String) async throws -> Int {
    try await NativeThread.run(name: "test") {
      let configuration = PostgresConfiguration(connectionString: connectionString)
      return try PostgresConnection(configuration, logger: TestCluster.logger).execute(CountRows()).rows[0]
    }
  }

  @Test("keeps its data over a stop and a start in the same folder")
  func restarts() async throws {
    try await withCluster { cluster in
      try await script("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2)", cluster.connectionString)
      await cluster.stop()
      #expect(ClusterProcesses(cluster.folder).all().isEmpty)
      try await cluster.start()
      #expect(try await count(cluster.connectionString) == 2)
    }
  }

  @Test("loses nothing that was committed before kill -9 of the server and its children")
  func survivesKill() async throws {
    try await withCluster { cluster in
      try await script("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)", cluster.connectionString)
      await cluster.kill9()
      #expect(ClusterProcesses(cluster.folder).all().isEmpty)
      await #expect(throws: PostgresError.self) { try await count(cluster.connectionString) }
      try await cluster.restart()
      #expect(try await count(cluster.connectionString) == 1)
    }
  }

  @Test("refuses a folder that another process runs, and says so")
  func refusesSecondOwner() async throws {
    try await withCluster { cluster in
      let second = PostgresCluster(cluster.configuration, logger: TestCluster.logger)
      await #expect(throws: PostgresClusterError.self) { try await second.start() }
      try await script("SELECT 1", cluster.connectionString)
    }
  }

  @Test("takes over a folder whose owner vanished and left the server running")
  func recoversAbandoned() async throws {
    let first = TestCluster.make()
    try await first.start()
    try await script("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)", first.connectionString)
    first.abandon(cuttingLifeline: false)
    let second = PostgresCluster(first.configuration, logger: TestCluster.logger)
    defer { second.discardBlocking() }
    try await second.start()
    #expect(try await count(second.connectionString) == 1)
  }

  @Test("takes over from orphans of a postmaster that was killed alone")
  func recoversOrphans() async throws {
    let first = TestCluster.make()
    try await first.start()
    try await script("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)", first.connectionString)
    let postmaster = try #require(first.folder.processLines.first.flatMap { pid_t($0) })
    first.abandon(cuttingLifeline: false)
    kill(postmaster, SIGKILL)
    let second = PostgresCluster(first.configuration, logger: TestCluster.logger)
    defer { second.discardBlocking() }
    try await second.start()
    #expect(try await count(second.connectionString) == 1)
  }

  @Test("shuts its server down by itself when its owner is killed")
  func followsItsOwner() async throws {
    let cluster = TestCluster.make()
    try await cluster.start()
    defer { cluster.folder.remove() }
    cluster.abandon(cuttingLifeline: true)
    #expect(ClusterProcesses(cluster.folder).waitUntilGone(within: .seconds(30)))
  }

  @Test("serves a folder whose path is too long for a socket address")
  func longPath() async throws {
    let cluster = TestCluster.make(folder: TestFolder.new(String(repeating: "long", count: 30)))
    defer { cluster.discardBlocking() }
    try await cluster.start()
    #expect(cluster.folder.run.utf8.count < 90)
    try await script("SELECT 1", cluster.connectionString)
  }

  @Test("starts over a pid file that names another program")
  func lyingProcessFile() async throws {
    try await withCluster { cluster in
      await cluster.stop()
      try "\(getpid())\n".write(toFile: cluster.folder.processFile, atomically: false, encoding: .utf8)
      try await cluster.start()
      try await script("SELECT 1", cluster.connectionString)
    }
  }

  @Test("asks for the password over TCP")
  func passwordOverTCP() async throws {
    let port = Int.random(in: 20_000..<30_000)
    try await withCluster(loopbackPort: port) { cluster in
      let string = try #require(cluster.loopbackConnectionString)
      try await script("SELECT 1", string)
      await #expect(throws: PostgresError.self) {
        try await script("SELECT 1", string.replacing("password=", with: "password=wrong"))
      }
    }
  }

  @Test("says what is missing when the folder cannot be made")
  func unusableFolder() async {
    let cluster = TestCluster.make(folder: "/proc/kagzi")
    await #expect(throws: PostgresClusterError.self) { try await cluster.start() }
  }

  @Test("creates databases, and tells when one is there already")
  func createsDatabases() async throws {
    let cluster = try await TestCluster.shared()
    try await cluster.createDatabase("twice\"'d")
    await #expect(throws: PostgresError.self) { try await cluster.createDatabase("twice\"'d") }
    try await script("SELECT 1", cluster.connectionString(database: "twice\"'d"))
  }
}

extension PostgresCluster {
  /// What the death of the owning process does: its descriptors close; the server is not told.
  func abandon(cuttingLifeline: Bool) {
    state.withLock { state in
      if cuttingLifeline { state.lifeline?.cut() } else { state.lifeline?.release() }
      state.lifeline = nil
      state.server = nil
      releaseFolder(&state)
    }
  }
}
