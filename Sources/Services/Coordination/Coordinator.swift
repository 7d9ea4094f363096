package import Engine
internal import GRPC
package import Logging
internal import Messages
internal import Meters
package import Store
internal import Synchronization

/// What all services share: the store, who has free slots, the sessions attached here, who waits for what.
///
/// Holds nothing that is not in Postgres or rebuilt from it.
package final class Coordinator: Sendable {
  /// New at every start.
  package let id: UUID
  package let limits: CoordinatorLimits
  package let logger: Logger
  internal let store: Store
  internal let registry = Registry()
  internal let hub: RunHub
  internal let sessions = Mutex<[SessionID: WorkerSession]>([:])
  internal let dispatch = Mutex(DispatchTable())
  /// What the last reconciliation found.
  internal let lastLook = Mutex(Look())
  /// Runs for which a slot is reserved while members of their groups are being settled: one is enough.
  internal let joining = Mutex<Set<RunID>>([])
  /// The change counters of followed runs at the last look for changes made elsewhere.
  internal let seenSequences = Mutex<[RunID: Int64]>([:])
  /// Whether the notices that earlier coordinators left were looked through.
  internal let hasSweptNotices = Mutex(false)
  internal let leaseClock = LeaseClock()
  internal let moves = VersionMoves()
  internal let loader = TaskLoader()
  internal let groupNews = GroupNews()
  internal let runLoader = RunLoader()
  internal let schedules = ScheduleWatch()
  package let peers = PeerAnnouncements()
  /// Told that something in the database may be due sooner than the timer loop expects.
  private let dueSignal = Mutex<(@Sendable (Int64) -> Void)?>(nil)
  private let draining = Mutex(false)
  private let ids = Mutex(UUIDv7Sequence())
  internal let meter = CoordinatorMeter()
  internal let metricSources = Mutex<[@Sendable () -> [MetricFamily]]>([])
  /// Asks the database whether it is there.
  package let probe: DatabaseProbe

  internal let schemaVersion: UInt32
  internal let startedAtMilliseconds = WallClock.milliseconds

  package init(
    id: UUID, store: Store, probe: DatabaseProbe, schemaVersion: UInt32, limits: CoordinatorLimits, logger: Logger
  ) {
    self.id = id
    self.probe = probe
    self.schemaVersion = schemaVersion
    self.store = store
    self.limits = limits
    self.logger = logger
    hub = RunHub(limit: limits.maxWaiters)
  }

  /// Reads what must be known before the first call is served.
  package func prepare() async throws(StoreError) { try await registry.refresh(from: store) }

  /// Reads the registry again: another coordinator may have registered something.
  package func refreshRegistry() async throws(StoreError) { try await registry.refresh(from: store) }

  /// Beneath the announcements of other coordinators: one that got lost is made up for.
  package func refreshRegistryAmongPeers() async throws(StoreError) {
    if peers.hasPeers { try await registry.refresh(from: store) }
  }

  /// Yields when there may be something for `recoverUnheard`. For one reader.
  package var unheard: AsyncStream<Void> { store.unheard }

  /// The database was away: commits may have taken effect of which nobody has heard.
  package func databaseReturned() { store.noteUnheard() }

  /// Sets who is told of new due times, in milliseconds from now.
  package func onDue(_ action: @escaping @Sendable (Int64) -> Void) { dueSignal.withLock { $0 = action } }

  internal func noteDue(inMilliseconds delay: Int64) { dueSignal.withLock { $0 }?(delay) }

  /// Whether the coordinator is stopping: it takes no new sessions.
  package var isDraining: Bool { draining.withLock { $0 } }

  /// Tells every connected worker and everyone who waits to go on elsewhere. Sessions and tasks stay theirs.
  package func drain() {
    draining.withLock { $0 = true }
    for session in sessions.withLock({ Array($0.values) }) {
      dispatch.withLock { $0.drain(session.id) }
      session.send(.drain(Drain(timeout: nil, reconnect: true, reason: "the coordinator is stopping")))
    }
    hub.wakeAll()
  }

  /// Sessions attached here.
  package var sessionCount: Int { sessions.withLock { $0.count } }

  internal func session(_ id: SessionID) -> WorkerSession? { sessions.withLock { $0[id] } }

  internal func newID() -> UUID {
    var generator = SystemRandomNumberGenerator()
    return ids.withLock { $0.next(milliseconds: WallClock.milliseconds, using: &generator) }
  }
}
