internal import Engine
internal import Logging
internal import Messages
internal import Postgres
package import Store
internal import Synchronization

/// Keeping leases: those of sessions that beat are renewed, the others' lapse. While the database was away no heartbeat could
/// be written, so a lease counts as lapsed only as of a moment until which all heartbeats were.
extension Coordinator {
  /// One turn.
  package func keepLeases() async throws(StoreError) {
    let turn = leaseClock.begin()
    try await forgetMovedSessions()
    try await renewSessions()
    try await endLapsedSessions(turn)
    leaseClock.finished(turn)
  }

  /// Renews the leases of the sessions that beat since the last time.
  private func renewSessions() async throws(StoreError) {
    let beating = sessions.withLock { $0.values.filter { $0.takeBeat() }.map(\.id) }
    guard !beating.isEmpty else { return }
    do {
      let open = Set(try await store.write(RenewSessions(sessionIDs: beating)))
      for id in beating where !open.contains(id) { sessionEndedElsewhere(id) }
    } catch {
      for id in beating { session(id)?.beat() }
      throw error
    }
  }

  /// Sessions whose lease has lapsed, here or on a coordinator that is gone: their tasks go to others.
  private func endLapsedSessions(_ turn: LeaseClock.Turn) async throws(StoreError) {
    let rows: [EndLapsedSessions.Row]
    do {
      rows = try await store.write(
        EndLapsedSessions(asOf: turn.moment, of: turn.includesOthers ? nil : id), repeatsAfterLoss: false)
    } catch {
      // It may have ended some of which nobody has heard.
      leaseClock.leftOrphans()
      throw error
    }
    rows.first.map { leaseClock.shows($0.now) }
    let ended = rows.compactMap(\.sessionID)
    if !ended.isEmpty {
      meter.sessionsLapsed(ended.count)
      for id in ended {
        logger.info("a session's lease lapsed", metadata: ["session": "\(id)"])
        forget(id, .sessionLost(id.description, "its lease lapsed"))
      }
      try await giveBackTasks(of: ended, isLoss: true, reason: "its worker's lease lapsed")
    }
    if turn.hasOrphans { try await rescueOrphans() }
  }
}
