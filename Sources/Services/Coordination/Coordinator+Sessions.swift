internal import Engine
internal import GRPC
internal import Logging
internal import Messages
package import Store
internal import Synchronization

/// The life of sessions: opened by registration, attached by a stream or a unary call, adopted from another coordinator,
/// ended by goodbye or by a lapsed lease.
extension Coordinator {
  /// The session, attached here: from memory, or taken over from the database.
  internal func attachedSession(_ id: SessionID) async throws(Status) -> WorkerSession {
    if let session = session(id) { return session }
    return try await adopt(id, held: nil).session
  }

  /// Takes a session over: another coordinator had it, or its stream broke. Tasks that the worker does not hold any
  /// more (they were lost on the way) are given back.
  /// - Parameter held: tokens the worker says it holds; nil: it did not say, so all are believed held.
  internal func adopt(
    _ id: SessionID, held: [TaskToken]?
  ) async throws(Status) -> (session: WorkerSession, held: Int) {
    guard !isDraining else { throw Status(.unavailable, "the coordinator is stopping: connect to another") }
    let row: AdoptSession.Row?
    let runs: [HeldRuns.Row]
    let steps: [ClaimedStep]
    let references: [RunID: RunReference]
    do {
      row = try await store.write(AdoptSession(sessionID: id, coordinatorID: self.id)).first
      runs = row == nil ? [] : try await store.read(HeldRuns(sessionIDs: [id]))
      steps = row == nil ? [] : try await store.read(HeldSteps(sessionIDs: [id]))
      let rows = runs.isEmpty ? [] : try await store.read(LoadTaskRuns(runIDs: runs.map(\.run.runID)))
      references = Dictionary(rows.map { ($0.run.runID, $0.run) }, uniquingKeysWith: { first, _ in first })
    } catch {
      throw Status(error)
    }
    guard let row else {
      sessionEndedElsewhere(id)
      throw .sessionLost(id.description, "it ended or its lease lapsed")
    }
    // Whoever had it may be dead: what it did last, nobody else has heard of.
    if self.session(id) == nil { store.noteUnheard() }
    let session = attach(
      WorkerSession(
        id: id, workerID: row.workerID, namespace: row.namespace, keys: Self.keys(row),
        lease: .milliseconds(row.leaseMilliseconds),
        heartbeat: row.heartbeatMilliseconds.map { .milliseconds($0) }))
    if let order = row.drain { drain(session, order) }
    let believed = held.map(Set.init)
    var count = 0
    for step in steps {
      if believed?.contains(step.token) ?? true {
        session.hold(heldTask(step, isAccepted: true))
        count += 1
      } else {
        session.remove(step.token)
        giveBack(step.token, reason: "the worker reconnected without it", isLoss: false)
      }
    }
    for row in runs {
      let token = row.run.token
      if believed?.contains(token) ?? true, let reference = references[token.runID] {
        var task = heldTask(token, of: reference)
        task.acceptBy = nil
        task.cancelReason = row.cancelReason
        session.hold(task)
        count += 1
      } else {
        session.remove(token)
        giveBack(token, reason: "the worker reconnected without it", isLoss: false)
      }
    }
    if let believed {
      let own = believed.filter { $0.sessionID == id }
      session.note(strays: own.subtracting(steps.map(\.token)).subtracting(runs.map(\.run.token)))
    }
    return (session, count)
  }

  /// Makes a session known here; one that is known already stays.
  internal func attach(_ session: WorkerSession) -> WorkerSession {
    let kept = sessions.withLock { sessions in
      if let known = sessions[session.id] { return known }
      sessions[session.id] = session
      return session
    }
    if kept === session {
      dispatch.withLock { $0.attach(session.id, DispatchTable.Session(keys: session.keys)) }
    }
    return kept
  }

  /// The connection of a session is gone: its slots are void, its tasks stay until the lease lapses.
  internal func disconnected(_ session: WorkerSession, _ outbox: any SessionOutbox) {
    guard session.detach(outbox) else { return }
    dispatch.withLock { $0.revokeSlots(session.id) }
  }

  /// Ends a session in good order.
  internal func end(_ id: SessionID, reason: String) async throws(StoreError) {
    _ = try await store.write(EndSession(sessionID: id, reason: reason))
    forget(id, Status(.ok))
    try await giveBackTasks(of: [id], isLoss: false, reason: "worker left: \(reason)")
  }

  /// Sessions whose workers went on at another coordinator: what they hold is watched there now, and nothing of it must
  /// be given back or timed out from here.
  package func forgetMovedSessions() async throws(StoreError) {
    guard peers.hasPeers else { return }
    let ids = sessions.withLock { Array($0.keys) }
    guard !ids.isEmpty else { return }
    for id in try await store.read(MovedSessions(sessionIDs: ids, coordinatorID: self.id)) {
      forget(id, Status(.aborted, "another coordinator has taken over this session"))
    }
  }

  internal func sessionEndedElsewhere(_ id: SessionID) {
    forget(id, .sessionLost(id.description, "it ended or its lease lapsed"))
  }

  internal func forget(_ id: SessionID, _ status: Status) {
    dispatch.withLock { $0.detach(id) }
    let session = sessions.withLock { $0.removeValue(forKey: id) }
    session?.close(status)
  }

  /// Gives back what ended sessions held: workflow tasks at once, activities as a lost attempt or without penalty.
  internal func giveBackTasks(of ids: [SessionID], isLoss: Bool, reason: String) async throws(StoreError) {
    for row in try await store.read(HeldRuns(sessionIDs: ids)) {
      giveBack(row.run.token, reason: reason, isLoss: isLoss)
    }
    for step in try await store.read(HeldSteps(sessionIDs: ids)) {
      guard isLoss else {
        giveBack(step.token, reason: reason, isLoss: false)
        continue
      }
      let failure = Failure(kind: .workerLost, message: "the worker was lost: \(reason)", source: "kagzi")
      _ = try await failStep(step.runID, step.stepKey, guard: .held(epoch: step.epoch), failure: failure)
    }
  }

  /// Tasks left with sessions that have ended, such as after a coordinator died while giving them back.
  package func rescueOrphans() async throws(StoreError) {
    try await giveBackTasks(of: [], isLoss: true, reason: "its session had ended")
  }

  internal static func keys(_ row: AdoptSession.Row) -> [TaskKey] {
    keys(namespace: row.namespace, queues: row.taskQueues, workflows: row.workflows, activities: row.activities)
  }

  internal static func keys(
    namespace: String, queues: [String], workflows: [(type: String, version: Int32)],
    activities: [(type: String, version: Int32)]
  ) -> [TaskKey] {
    queues.flatMap { queue in
      workflows.map {
        TaskKey(kind: .workflow, namespace: namespace, queue: queue, type: $0.type, version: $0.version)
      }
        + activities.map {
          TaskKey(kind: .activity, namespace: namespace, queue: queue, type: $0.type, version: $0.version)
        }
    }
  }
}
