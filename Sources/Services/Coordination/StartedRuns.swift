internal import DequeModule
internal import Engine
internal import Postgres
internal import Store
internal import Synchronization

/// Runs that this coordinator started lately and has not closed: whoever waits for one of them right after its start needs
/// no look into the database. The oldest leaves first.
internal final class StartedRuns: Sendable {
  /// An object, because changing a large value inside a dictionary costs six allocations.
  private final class Entry {
    var row: RunRow
    var isCommitted = false

    init(_ row: RunRow) { self.row = row }
  }

  private struct State {
    var rows: [RunID: Entry] = [:]
    var order: Deque<RunID> = []
  }

  /// How many are kept, and the largest input of one, in bytes.
  private static let limit = 4_096
  private static let largestInput = 1 << 10
  private let state = Mutex(State())

  /// A start is on its way to the database. Named before its commit, so that a close that follows at once removes it.
  func starting(_ start: StartRun) {
    guard start.input?.count ?? 0 <= Self.largestInput else { return }
    state.withLock { state in
      if state.order.count >= Self.limit, let oldest = state.order.popFirst() { state.rows[oldest] = nil }
      state.order.append(start.runID)
      state.rows[start.runID] = Entry(RunRow(starting: start))
    }
  }

  func started(_ runID: RunID, at createdAt: PostgresTimestamp) {
    state.withLock { state in
      guard let entry = state.rows[runID] else { return }
      entry.row.createdAt = createdAt
      entry.isCommitted = true
    }
  }

  /// The run closed, or was not started after all.
  func remove(_ runID: RunID) { state.withLock { $0.rows[runID] = nil } }

  /// Any of them may have closed without our hearing of it.
  func removeAll() { state.withLock { $0.rows.removeAll() } }

  /// The open run as it was started. What changed in it since is not in the row.
  func row(_ runID: RunID) -> RunRow? {
    state.withLock { state in state.rows[runID].flatMap { $0.isCommitted ? $0.row : nil } }
  }
}
