package import Engine
internal import Logging
internal import Messages
package import Store
internal import Synchronization

/// Draining workers: asked for by an operator at any coordinator, or said by the worker itself. It is recorded, so that it
/// outlives this coordinator and the worker's connection.
extension Coordinator {
  /// Hands the session no more tasks and tells its worker, unless it said so itself. Known orders are not told again.
  internal func drain(_ session: WorkerSession, _ order: DrainOrder) {
    guard session.take(order) else { return }
    dispatch.withLock { $0.drain(session.id) }
    if let message = session.drainMessage { session.send(.drain(message)) }
  }

  /// Tells the session's worker to drain, wherever it is attached. After the order is recorded.
  internal func deliver(_ order: DrainOrder, to id: SessionID) {
    if let session = session(id) { drain(session, order) } else { peers.announce(.drain(session: id, order)) }
  }

  /// Another coordinator recorded a drain of a session that may be here.
  package func heardDrain(session id: SessionID, _ order: DrainOrder) {
    if let session = session(id) { drain(session, order) }
  }

  /// The worker says that it drains: no more tasks from now on, and operators see it.
  internal func noteDraining(_ session: WorkerSession) {
    let order = DrainOrder(timeoutMilliseconds: nil, reason: "the worker was told to stop", isOwn: true)
    guard session.take(order) else { return }
    dispatch.withLock { $0.drain(session.id) }
    store.write(NoteDraining(sessionID: session.id, reason: order.reason)) { [logger] result in
      guard case .failure(let error) = result else { return }
      logger.warning("a worker's drain could not be recorded", metadata: ["error": "\(error)"])
      session.forgetOwnDrain()
    }
  }

  /// Orders that were recorded and did not arrive: the announcement was lost, or who should have sent it died.
  package func checkDrains() async throws(StoreError) {
    let ids = sessions.withLock { Array($0.keys) }
    guard !ids.isEmpty else { return }
    for (id, order) in try await store.read(DrainingSessions(sessionIDs: ids)) { heardDrain(session: id, order) }
  }

  /// Removes what is not kept any more of the past of workers.
  package func forgetWorkers() async throws(StoreError) {
    let gone = try await store.write(ForgetWorkers(retention: limits.workerRetention)).first
    guard let gone, gone.workers + gone.events + gone.sessions > 0 else { return }
    logger.debug("forgot the past of workers", metadata: ["workers": "\(gone.workers)", "events": "\(gone.events)"])
  }
}

extension WorkerSession {
  /// What its worker is to be told; nil when it does not drain, or said so itself.
  internal var drainMessage: Drain? {
    guard let drain, !drain.isOwn else { return nil }
    return Drain(timeout: drain.timeoutMilliseconds.map { ProtoDuration(milliseconds: $0) }, reason: drain.reason)
  }
}
