internal import Engine
internal import Store
internal import Synchronization

/// Collects runs that waiters want to see; one read at a time takes all that wait.
internal final class RunLoader: Sendable {
  internal typealias Completion = @Sendable (Result<RunRow?, StoreError>) -> Void

  private struct State {
    var pending: [(runID: RunID, completion: Completion)] = []
    var isReading = false
  }

  private static let batch = 256
  private let state = Mutex(State())

  /// Reads a run, sharing the read with all others that wait. Calls back on the reading thread.
  func load(_ runID: RunID, from store: Store, _ completion: @escaping Completion) {
    let starts = state.withLock { state in
      state.pending.append((runID, completion))
      defer { state.isReading = true }
      return !state.isReading
    }
    if starts { readNext(store) }
  }

  private func readNext(_ store: Store) {
    let batch = state.withLock { state in
      let taken = Array(state.pending.prefix(Self.batch))
      state.pending.removeFirst(taken.count)
      state.isReading = !taken.isEmpty
      return taken
    }
    guard !batch.isEmpty else { return }
    store.read(LoadRuns(runIDs: Array(Set(batch.map(\.runID))))) { [self] result in
      let rows = result.map { rows in Dictionary(rows.map { ($0.runID, $0) }, uniquingKeysWith: { first, _ in first }) }
      for (runID, completion) in batch { completion(rows.map { $0[runID] }) }
      readNext(store)
    }
  }
}
