package import Engine
package import Store
internal import Synchronization

/// What other coordinators on the same database should know; whoever sends it takes it in batches.
/// Nothing is collected while there are no peers.
package final class PeerAnnouncements: Sendable {
  /// One thing to announce.
  package enum Announcement: Sendable, Hashable {
    /// Tasks of this key are ready and no session here can take them.
    case ready(TaskKey)
    case closed(RunID)
    /// A session elsewhere holds a task that is to be cancelled.
    case cancel(session: SessionID, token: [UInt8], reason: String)
    /// A session elsewhere holds a task that is no longer its own.
    case lost(session: SessionID, token: [UInt8], reason: String)
    /// A session elsewhere holds the workflow task of a run of which groups were resolved.
    case groups(task: [UInt8])
    /// Runs of this key are being moved to another version.
    case moving(TaskKey, toVersion: Int32)
    /// A session elsewhere is to drain.
    case drain(session: SessionID, DrainOrder)
    /// Types or namespaces have changed.
    case registry
    /// Commits may have taken effect of which nobody has heard: what there was to announce is not known.
    case unheard
    /// A schedule was created or changed: the next due time may be another.
    case schedule
  }

  private struct State {
    var hasPeers = false
    var pending: Set<Announcement> = []
    var wake: (@Sendable () -> Void)?
  }

  private static let limit = 10_000
  private let state = Mutex(State())

  package init() {}

  /// Sets who is called when there is something to take.
  package func onPending(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.wake = action } }

  package func setHasPeers(_ hasPeers: Bool) { state.withLock { $0.hasPeers = hasPeers } }
  package var hasPeers: Bool { state.withLock { $0.hasPeers } }

  /// Adds one. Beyond the limit it is dropped: the others' slow scan finds it.
  package func announce(_ announcement: Announcement) {
    let wake = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.hasPeers, state.pending.count < Self.limit else { return nil }
      let isFirst = state.pending.isEmpty
      state.pending.insert(announcement)
      return isFirst ? state.wake : nil
    }
    wake?()
  }

  package var hasPending: Bool { state.withLock { !$0.pending.isEmpty } }

  package func take() -> [Announcement] {
    state.withLock { state in
      defer { state.pending.removeAll(keepingCapacity: true) }
      return Array(state.pending)
    }
  }
}
