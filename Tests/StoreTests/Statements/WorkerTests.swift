import Engine
import Postgres
import Store
import TestSupport
import Testing

@Suite("Workers on a real database")
struct WorkerTests {
  private let first = UUID(high: 10, low: 1)
  private let second = UUID(high: 10, low: 2)

  private func registration(_ session: UUID, _ worker: String = "w", leaseMilliseconds: Int64 = 30_000) -> OpenSession {
    OpenSession(
      registration: WorkerRegistration(
        namespace: "default", workerID: worker, sessionID: session, taskQueues: ["q"], workflows: [("w", 1)],
        activities: [("a", 2)], workflowSlots: 3, activitySlots: 4, hostname: "box", pid: 7, sdkName: "test",
        sdkVersion: "1", labels: #"{"zone":"a"}"#, leaseMilliseconds: leaseMilliseconds, heartbeatMilliseconds: 1_500,
        coordinatorID: UUID(high: 1, low: 1)))
  }

  private func worker(_ store: StoreFixture, _ id: String = "w") async throws -> WorkerRow {
    try #require(try await store.read(LoadWorker(namespace: "default", workerID: id)).first)
  }

  private func kinds(_ store: StoreFixture, _ id: String = "w") async throws -> [String] {
    try await store.read(
      ListEventsOfWorker(namespace: "default", workerID: id, before: (.distantFuture, ""), limit: 100)
    ).map(\.kind).filter { $0 != "HEARTBEAT" }.reversed()
  }

  private func drain(
    _ store: StoreFixture, timeout: Int64? = nil, reason: String = "why"
  ) async throws
    -> DrainWorker.Row?
  {
    try await store.read(
      DrainWorker(
        namespace: "default", workerID: "w",
        order: DrainOrder(timeoutMilliseconds: timeout, reason: reason, isOwn: false))
    ).first
  }

  /// How many workers, events and sessions went.
  private func forget(_ store: StoreFixture, _ retention: WorkerRetention) async throws -> [Int] {
    try await store.read(ForgetWorkers(retention: retention)).flatMap { [$0.workers, $0.events, $0.sessions] }
  }

  @Test("checklist 18: what is registered is what is read")
  func registering() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first))
      let row = try await worker(store)
      #expect(row.status == .running && row.sessionID == first && row.taskQueues == ["q"])
      #expect(row.workflows.map(\.version) == [1] && row.activities.map(\.version) == [2])
      #expect(row.workflowSlots == 3 && row.activitySlots == 4 && row.heartbeatMilliseconds == 1_500)
      #expect(row.hostname == "box" && row.pid == 7 && row.endedAt == nil && row.expiresAt != nil)
      #expect(row.beatAgeMilliseconds >= 0 && row.beatAgeMilliseconds < 20_000)
      #expect(try await kinds(store) == ["STARTED"])
    }
  }

  @Test("a session that has ended is neither renewed nor taken over")
  func ended() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first))
      _ = try await store.read(registration(second, "other"))
      _ = try await store.read(EndSession(sessionID: first, reason: "over"))
      #expect(try await store.read(RenewSessions(sessionIDs: [first, second])) == [second])
      #expect(try await store.read(AdoptSession(sessionID: first, coordinatorID: UUID(high: 2, low: 2))).isEmpty)
    }
  }

  @Test("checklist 19: drained, drained again, ended twice: each event once, the last order holds")
  func draining() async throws {
    try await StoreFixture.with { store in
      #expect(try await drain(store) == nil)
      _ = try await store.read(registration(first))
      #expect(try await drain(store, timeout: 5, reason: "one")?.status == .running)
      #expect(try await drain(store, timeout: nil, reason: "two")?.status == .shuttingDown)
      #expect(try await worker(store).statusReason == "two")
      _ = try await store.read(NoteDraining(sessionID: first, reason: "own"))
      #expect(try await worker(store).statusReason == "two")
      let orders = try await store.read(DrainingSessions(sessionIDs: [first, second]))
      #expect(orders.map(\.sessionID) == [first] && orders.map(\.order.reason) == ["two"])
      let adopted = try await store.read(AdoptSession(sessionID: first, coordinatorID: UUID(high: 2, low: 2))).first
      #expect(adopted?.drain == DrainOrder(timeoutMilliseconds: nil, reason: "two", isOwn: false))
      #expect(adopted?.heartbeatMilliseconds == 1_500)
      #expect(try await store.read(EndSession(sessionID: first, reason: "bye")).count == 1)
      #expect(try await store.read(EndSession(sessionID: first, reason: "again")).isEmpty)
      let ended = try await worker(store)
      #expect(ended.status == .stopped && ended.statusReason == "bye" && ended.endedAt != nil && ended.expiresAt == nil)
      #expect(try await drain(store)?.status == .stopped)
      #expect(try await worker(store).status == .stopped)
      #expect(try await kinds(store) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"])
    }
  }

  @Test("checklist 19: what a worker says itself is an order that nobody has to tell it, and not after its end")
  func ownDrain() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first))
      for _ in 0..<2 { _ = try await store.read(NoteDraining(sessionID: first, reason: "own")) }
      #expect(try await worker(store).status == .shuttingDown)
      #expect(try await store.read(DrainingSessions(sessionIDs: [first])).isEmpty)
      let adopted = try await store.read(AdoptSession(sessionID: first, coordinatorID: UUID(high: 2, low: 2))).first
      #expect(adopted?.drain?.isOwn == true)
      _ = try await store.read(EndSession(sessionID: first, reason: "bye"))
      _ = try await store.read(NoteDraining(sessionID: first, reason: "late"))
      #expect(try await worker(store).status == .stopped)
      #expect(try await kinds(store) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"])
    }
  }

  @Test("checklist 19: a new registration takes a drain back; the old session's end leaves the new one alone")
  func again() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first))
      _ = try await drain(store)
      _ = try await store.read(registration(second))
      let renewed = try await worker(store)
      #expect(renewed.status == .running && renewed.statusReason == "")
      let old = try await store.read(AdoptSession(sessionID: first, coordinatorID: UUID(high: 2, low: 2))).first
      #expect(old?.drain == nil)
      _ = try await store.read(EndSession(sessionID: first, reason: "old"))
      let row = try await worker(store)
      #expect(row.status == .running && row.sessionID == second && row.endedAt == nil)
    }
  }

  @Test("checklist 19: a lapsed lease is a crash with its numbers, once, and of the right worker")
  func crash() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first, leaseMilliseconds: 1))
      _ = try await store.read(registration(second, "other"))
      var ended: [SessionID] = []
      func end(asOf moment: PostgresTimestamp?, of coordinatorID: UUID? = nil) async throws -> [SessionID] {
        try await store.read(EndLapsedSessions(asOf: moment, of: coordinatorID)).compactMap(\.sessionID)
      }
      let before = try await store.read(EndLapsedSessions(asOf: nil)).first?.now
      try await Task.sleep(for: .milliseconds(20))
      #expect(try await end(asOf: nil) == [], "until when heartbeats were written is not known")
      #expect(try await end(asOf: before.map { PostgresTimestamp(microseconds: $0.microseconds - 1_000_000) }) == [])
      #expect(try await end(asOf: .distantFuture, of: UUID(high: 9, low: 9)) == [], "it is another coordinator's")
      while ended.isEmpty { ended = try await end(asOf: .distantFuture) }
      #expect(ended == [first])
      #expect(try await end(asOf: .distantFuture).isEmpty)
      let row = try await worker(store)
      #expect(row.status == .crashed && row.statusReason.contains("lease of 1 ms lapsed") && row.endedAt != nil)
      #expect(try await worker(store, "other").status == .running)
      #expect(try await kinds(store) == ["STARTED", "CRASHED"])
    }
  }

  @Test("checklist 20: what sessions hold is counted by session; a queue's tasks by kind, type and version")
  func counting() async throws {
    try await StoreFixture.with { store in
      try await store.execute(.startRun(store.start(1)))
      try await store.execute(.startRun(store.start(2)))
      try await store.execute(.startRun(store.start(3, leased: false)))
      try await store.execute(
        store.suspend(1, steps: [store.activity("a", leased: true), store.activity("b", leased: false)]))
      let held = try await store.read(CountHeld(sessionIDs: [store.session, first]))
      #expect(held.map(\.sessionID) == [store.session] && held.map(\.workflows) == [1] && held.map(\.activities) == [1])
      let ready = try await store.read(CountReady(namespace: "default", taskQueue: "q"))
      #expect(Set(ready.map { "\($0.key.kind) \($0.key.type) \($0.count)" }) == ["workflow w 1", "activity a 1"])
      #expect(ready.allSatisfy { $0.oldestAgeMilliseconds >= 0 })
      #expect(try await store.read(CountReady(namespace: "default", taskQueue: "other")).isEmpty)
      #expect(try await store.read(CountReady(namespace: nil, taskQueue: nil)).count == 2)
      let leased = try await store.read(CountLeased(namespace: "default", taskQueue: nil))
      #expect(Set(leased.map { "\($0.key.kind) \($0.key.type) \($0.count)" }) == ["workflow w 1", "activity a 1"])
      let open = try await store.read(CountOpenRunsByStatus(namespace: nil))
      #expect(open.reduce(0) { $0 + $1.count } == 3)
    }
  }

  @Test("the past of workers goes by age and by number, and what lives stays")
  func forgetting() async throws {
    try await StoreFixture.with { store in
      _ = try await store.read(registration(first, "gone"))
      _ = try await store.read(EndSession(sessionID: first, reason: "bye"))
      _ = try await store.read(registration(second, "lives"))
      var retention = WorkerRetention()
      #expect(try await forget(store, retention) == [0, 0, 0])
      retention.eventCount = 1
      #expect(try await forget(store, retention) == [0, 3, 0])
      retention.endedWorkers = .zero
      retention.events = .zero
      retention.endedSessions = .zero
      #expect(try await forget(store, retention)[0] == 1)
      // The session goes once no worker names it.
      #expect(try await forget(store, retention)[2] == 1)
      #expect(try await worker(store, "lives").status == .running)
      #expect(try await store.read(LoadWorker(namespace: "default", workerID: "gone")).isEmpty)
      #expect(try await store.read(AdoptSession(sessionID: second, coordinatorID: first)).count == 1)
    }
  }
}
