internal import CLibpq
internal import Glibc
package import Logging

/// A connection to Postgres in non-blocking pipeline mode, used only by the thread that made it.
///
/// Once an error of it says `reconnect` or `fateUnknown`, `isUsable` is false and every further call throws
/// `connectionLost`: throw it away and make another.
package final class PostgresConnection {
  internal let handle: OpaquePointer
  internal let configuration: PostgresConfiguration
  internal let logger: Logger
  internal let notices: PostgresNotices
  internal var prepared: Set<String> = []
  internal var parameters = PostgresParameters()
  private let owner = pthread_self()

  /// Whether it can still be used.
  package internal(set) var isUsable = true
  /// The server process behind it.
  package private(set) var backend = PostgresBackend(pid: 0, startedAt: .distantPast)
  /// Statements sent over it so far, prepares, BEGIN and COMMIT not counted.
  package internal(set) var statementCount = 0
  /// Round trips (syncs) so far.
  package internal(set) var roundTripCount = 0

  /// Connects and blocks the calling thread until it is done, at most the connect timeout a host.
  ///
  /// - Throws: `connectionFailed`; the cause is in its message. The fault is always `reconnect`.
  package init(_ configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
    self.configuration = configuration
    self.logger = logger
    notices = PostgresNotices(logger: logger)
    guard let handle = PostgresConnection.connect(configuration) else {
      throw PostgresError(.connectionFailed, "libpq had no memory for a connection")
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      throw PostgresError(.connectionFailed, "cannot connect to Postgres: \(libpqMessage)")
    }
    let version = PQserverVersion(handle)
    guard version >= PostgresLimits.oldestServerVersion else {
      throw PostgresError(.connectionFailed, "the server is PostgreSQL \(version / 10_000): 15 or newer is needed")
    }
    PQsetNoticeReceiver(handle, postgresNoticeReceiver, Unmanaged.passUnretained(notices).toOpaque())
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
      throw PostgresError(.connectionFailed, "libpq refused pipeline mode: \(libpqMessage)")
    }
    let session = try execute(
      PrepareSession(settings: configuration.sessionSettings), timeout: configuration.connectTimeout)
    backend = PostgresBackend(pid: PQbackendPID(handle), startedAt: session.rows.first ?? .distantPast)
  }

  deinit { PQfinish(handle) }

  /// Traps when called by another thread than the one that connected: libpq connections are not thread-safe.
  internal func checkThread() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a PostgresConnection is used by the thread that made it")
  }

  /// libpq's last message about this connection, on one line.
  internal var libpqMessage: String {
    guard let text = PQerrorMessage(handle) else { return "" }
    let lines = String(cString: text).split(whereSeparator: \.isNewline)
    return lines.joined(separator: " ").trimmingSuffix { $0 == " " }
  }

  /// Marks the connection dead and says so; what was sent before may have been done.
  internal func lost(_ code: PostgresError.Code, _ message: String, isFateUnknown: Bool) -> PostgresError {
    isUsable = false
    return PostgresError(code, message, isFateUnknown: isFateUnknown)
  }

  private static func connect(_ configuration: PostgresConfiguration) -> OpaquePointer? {
    let pairs = configuration.keywords
    var keywords = pairs.map { UnsafePointer(strdup($0.0)) }
    var values = pairs.map { UnsafePointer(strdup($0.1)) }
    keywords.append(nil)
    values.append(nil)
    defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
    return PQconnectdbParams(keywords, values, 1)
  }
}

extension String {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    var text = self[...]
    while let last = text.last, isTrimmed(last) { text.removeLast() }
    return String(text)
  }
}
