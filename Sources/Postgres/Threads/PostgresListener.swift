internal import Glibc
package import Logging

/// LISTEN on a connection of its own, made again with backoff when lost.
///
/// Both callbacks run on the listener's thread and should be short. What was announced while the connection was down is
/// lost: look at the data at each `onConnected`.
package final class PostgresListener: Sendable {
  private let configuration: PostgresConfiguration
  private let channels: [String]
  private let logger: Logger
  private let onConnected: @Sendable () -> Void
  private let onNotification: @Sendable (PostgresNotification) -> Void
  /// A byte written here wakes the thread: the reading end, then the writing end.
  private let wakeUp: (read: Int32, write: Int32)
  private let state = Monitor(State())

  private struct State {
    var isStopping = false
    var thread: NativeThread?
  }

  package init(
    _ configuration: PostgresConfiguration, channels: [String], logger: Logger,
    onConnected: @escaping @Sendable () -> Void,
    onNotification: @escaping @Sendable (PostgresNotification) -> Void
  ) {
    self.configuration = configuration
    self.channels = channels
    self.logger = logger
    self.onConnected = onConnected
    self.onNotification = onNotification
    var ends: [Int32] = [0, 0]
    precondition(
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0,
      "no socket pair could be made: errno \(errno)")
    wakeUp = (ends[0], ends[1])
  }

  deinit {
    close(wakeUp.read)
    close(wakeUp.write)
  }

  /// Starts the thread; called once. It is the thread that keeps the listener alive until `shutdown()`.
  package func start() {
    state.withLock { $0.thread = NativeThread(name: "pg-listen") { self.run() } }
  }

  /// Stops listening; no callback runs after it returns.
  package func shutdown() async {
    let thread = state.withLockAndBroadcast { state in
      state.isStopping = true
      defer { state.thread = nil }
      return state.thread
    }
    var byte: UInt8 = 0
    _ = write(wakeUp.write, &byte, 1)
    guard let thread else { return }
    try? await NativeThread.run(name: "pg-listen-stop") { thread.join() }
  }

  private var isStopping: Bool { state.withLock { $0.isStopping } }

  private func run() {
    var backoff = PostgresBackoff()
    while !isStopping {
      do throws(PostgresError) {
        try listen { backoff.reset() }
      } catch {
        logger.debug("postgres listener lost its connection", metadata: ["error": "\(error)"])
        let pause = ContinuousClock.now + backoff.next(random: .random(in: 0..<1))
        _ = state.wait(until: pause) { $0.isStopping ? true : nil }
      }
    }
  }

  private func listen(connected: () -> Void) throws(PostgresError) {
    let connection = try PostgresConnection(configuration, logger: logger)
    for channel in channels { try connection.listen(to: channel) }
    connected()
    onConnected()
    while !isStopping {
      for notification in connection.takeNotifications() { onNotification(notification) }
      try connection.waitForNotifications(orReadable: wakeUp.read)
    }
  }
}
