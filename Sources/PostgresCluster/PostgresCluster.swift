internal import Glibc
package import Logging
internal import Postgres

/// A private Postgres cluster in a folder: made with `initdb`, served on a unix socket that only we can reach, stopped with us.
///
/// Used by `kagzi dev` and by the tests. One process owns a folder at a time. When the owner dies, by SIGKILL too, the
/// server shuts down by itself, and the next start in the folder waits for it and recovers.
/// Every method may be called from any task; they take turns.
package final class PostgresCluster: Sendable {
  internal struct State {
    var server: ChildProcess?
    var lifeline: Lifeline?
    var lock: Int32?
    var account: ServerAccount?
  }

  package let configuration: PostgresClusterConfiguration
  internal let folder: ClusterFolder
  internal let logger: Logger
  internal let state = Monitor(State())

  package init(_ configuration: PostgresClusterConfiguration, logger: Logger) {
    self.configuration = configuration
    folder = ClusterFolder(configuration.folder)
    self.logger = logger
  }

  /// How to reach the configured database over the unix socket, as a libpq connection string.
  package var connectionString: String { connectionString(database: configuration.database) }

  /// How to reach another database of the cluster.
  package func connectionString(database: String) -> String {
    "host=\(quoted(folder.run)) port=\(port) user=kagzi dbname=\(quoted(database))"
  }

  /// How to reach the configured database over TCP; nil without a `loopbackPort`. It holds the password.
  package var loopbackConnectionString: String? {
    guard let port = configuration.loopbackPort else { return nil }
    return
      "host=127.0.0.1 port=\(port) user=kagzi password=\(folder.readPassword()) dbname=\(quoted(configuration.database))"
  }

  /// Makes the cluster if it is not there, ends what an earlier owner left, starts the server and waits until it answers.
  ///
  /// - Throws: `PostgresClusterError`, whose message says what to do.
  package func start() async throws {
    try await NativeThread.run(name: "pg-cluster") { try self.state.withLock { try self.startBlocking(&$0) } }
  }

  /// Fast shutdown: sessions are ended, what is committed is kept. Does nothing when it does not run.
  package func stop() async {
    try? await NativeThread.run(name: "pg-cluster") { self.stopBlocking() }
  }

  /// Stops and starts the server.
  package func restart() async throws {
    try await NativeThread.run(name: "pg-cluster") {
      try self.state.withLock {
        self.stopServer(&$0)
        try self.startServer(&$0)
      }
    }
  }

  /// SIGKILL to the server and all its children, as a power cut would end them. `restart()` brings it back.
  package func kill9() async {
    try? await NativeThread.run(name: "pg-cluster") { self.state.withLock { self.killServer(&$0) } }
  }

  /// Makes an empty database.
  package func createDatabase(_ name: String) async throws {
    try await NativeThread.run(name: "pg-cluster") { try self.createDatabaseBlocking(name) }
  }

  /// `stop()` for callers that may block, such as an `atexit` handler.
  package func stopBlocking() {
    state.withLock { state in
      stopServer(&state)
      releaseFolder(&state)
    }
  }

  /// Ends everything at once, without flushing, for callers that may block and throw the data away.
  package func discardBlocking() {
    state.withLock { state in
      killServer(&state)
      releaseFolder(&state)
    }
    folder.remove()
  }

  internal var port: Int { configuration.loopbackPort ?? 5432 }

  /// A value of a connection string (libpq manual, 34.1.1.1).
  private func quoted(_ value: String) -> String {
    let escaped = value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    return "'\(escaped)'"
  }
}
