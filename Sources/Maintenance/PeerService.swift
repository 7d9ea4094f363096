internal import Engine
package import Logging
package import Postgres
internal import ServiceLifecycle
package import Services
package import Store
internal import Synchronization

/// Coordinators on one database tell each other what a session elsewhere may act on: coalesced NOTIFYs, none a task, and
/// none at all while there is only one coordinator.
package final class PeerService: Service {
  private static let channel = "kagzi"
  private let coordinator: Coordinator
  private let store: Store
  private let address: String
  private let logger: Logger
  private let listener: PostgresListener
  private let pending = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

  package init(
    coordinator: Coordinator, store: Store, configuration: PostgresConfiguration, address: String, logger: Logger
  ) {
    self.coordinator = coordinator
    self.store = store
    self.address = address
    self.logger = logger
    let inbox = PeerInbox(coordinator: coordinator, logger: logger)
    listener = PostgresListener(
      configuration, channels: [Self.channel], logger: logger, onConnected: { inbox.connected() },
      onNotification: { inbox.receive($0.payload) })
  }

  /// Makes this coordinator and the others known to each other. Before the first call is served: what is announced while
  /// nobody is known to listen is dropped, and then found by the slow scan only.
  package func join() async {
    listener.start()
    await renewOnce()
    await announce(lines: ["h"])
  }

  /// Keeps in touch with the others until shutdown. After `join`.
  package func run() async throws {
    coordinator.peers.onPending { [pending] in pending.continuation.yield() }
    if coordinator.peers.hasPending { pending.continuation.yield() }
    await cancelWhenGracefulShutdown { [self] in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.renew() }
        group.addTask { for await _ in self.pending.stream { await self.send() } }
        await group.next()
        group.cancelAll()
      }
    }
    await listener.shutdown()
    _ = try? await store.write(ForgetCoordinator(coordinatorID: coordinator.id))
  }

  private func renew() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(10))
      await renewOnce()
    }
  }

  private func renewOnce() async {
    do {
      let peers = try await store.write(RenewCoordinator(coordinatorID: coordinator.id, address: address))
      coordinator.peers.setHasPeers(!peers.isEmpty)
    } catch {
      logger.warning("the coordinator's beat could not be written", metadata: ["error": "\(error)"])
    }
  }

  /// Sends all that has gathered, in as few notifications as fit.
  private func send() async { await announce(lines: coordinator.peers.take().map(\.line)) }

  private func announce(lines: [String]) async {
    var payload = coordinator.id.description
    for line in lines where line.utf8.count < 7_000 {
      if payload.utf8.count + line.utf8.count > 7_800 {
        await notify(payload)
        payload = coordinator.id.description
      }
      payload += "\n" + line
    }
    if !lines.isEmpty { await notify(payload) }
  }

  private func notify(_ payload: String) async {
    do {
      _ = try await store.write(Notify(channel: Self.channel, payload: payload))
    } catch {
      logger.debug("peers could not be told", metadata: ["error": "\(error)"])
    }
  }
}

/// Reads what peers announce.
private final class PeerInbox: Sendable {
  private let coordinator: Coordinator
  private let logger: Logger

  init(coordinator: Coordinator, logger: Logger) {
    self.coordinator = coordinator
    self.logger = logger
  }

  /// What was announced while the connection was away, or could not be, is unknown: look.
  func connected() {
    coordinator.scanReady()
    coordinator.heardSchedule()
    coordinator.tellOfMissedGroups()
    Task { [self] in
      do {
        try await coordinator.refreshRegistry()
        try await coordinator.checkAwaitedRuns()
        try await coordinator.giveBackUnheard()
      } catch {
        logger.debug("could not look after connecting", metadata: ["error": "\(error)"])
      }
    }
  }

  func receive(_ payload: String) {
    let lines = payload.split(separator: "\n")
    guard let sender = lines.first, sender != coordinator.id.description else { return }
    coordinator.peers.setHasPeers(true)
    for line in lines.dropFirst() {
      switch PeerAnnouncements.Announcement(line: line) {
      case .ready(let key): coordinator.heardReady(key)
      case .closed(let runID): coordinator.heardClosed(runID)
      case .cancel(let session, let token, let reason):
        coordinator.heardCancel(session: session, token: token, reason: reason)
      case .lost(let session, let token, let reason):
        coordinator.heardLost(session: session, token: token, reason: reason)
      case .groups(let task): coordinator.heardGroups(task: task)
      case .moving(let key, let version): coordinator.heardMoving(key, toVersion: version)
      case .drain(let session, let order): coordinator.heardDrain(session: session, order)
      case .registry: refreshRegistry()
      case .unheard: connected()
      case .schedule: coordinator.heardSchedule()
      case nil: break
      }
    }
  }

  private func refreshRegistry() {
    Task { [self] in
      do {
        try await coordinator.refreshRegistry()
      } catch {
        logger.debug("the registry could not be read", metadata: ["error": "\(error)"])
      }
    }
  }
}
