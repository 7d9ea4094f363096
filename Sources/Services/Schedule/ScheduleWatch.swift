internal import Engine
internal import Synchronization

/// Who is told that a schedule may have something to do, and which runs schedules wait for here.
internal final class ScheduleWatch: Sendable {
  private struct State {
    var signal: (@Sendable (Int64) -> Void)?
    var awaited: Set<RunID> = []
  }

  private let state = Mutex(State())

  func onDue(_ action: @escaping @Sendable (Int64) -> Void) { state.withLock { $0.signal = action } }

  /// Something is to be done in so many milliseconds, or may be now.
  func noteDue(inMilliseconds delay: Int64 = 0) { state.withLock { $0.signal }?(max(0, delay)) }

  /// Has the run's end wake the schedules, unless it does already; true the first time.
  func awaitEnd(of runID: RunID, _ hub: RunHub) -> Bool {
    guard state.withLock({ $0.awaited.insert(runID).inserted }) else { return false }
    let token = hub.onClose(runID) { [self] _ in
      state.withLock { _ = $0.awaited.remove(runID) }
      noteDue()
    }
    // Too many wait already: the slow look finds it.
    if token == nil { state.withLock { _ = $0.awaited.remove(runID) } }
    return token != nil
  }
}
