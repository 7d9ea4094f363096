internal import Engine
internal import Store
internal import Synchronization

/// How a run ended, as the commit that closed it says.
internal struct RunEnd: Sendable {
  var closing: Closing
  var output: [UInt8]?
  var failure: [UInt8]?
}

/// Who waits for runs to close or to change. Woken by commits, never by polling.
internal final class RunHub: Sendable {
  internal typealias Token = UInt64

  fileprivate struct State {
    var nextToken: Token = 0
    var count = 0
    var closing: [RunID: [Token: @Sendable (RunEnd?) -> Void]] = [:]
    var changing: [RunID: [Token: @Sendable () -> Void]] = [:]
  }

  private let state = Mutex(State())
  private let limit: Int
  let started = StartedRuns()

  init(limit: Int) { self.limit = limit }

  /// Calls `action` once when the run closes, with how it ended if that is at hand. Nil: too many wait already.
  func onClose(_ runID: RunID, _ action: @escaping @Sendable (RunEnd?) -> Void) -> Token? {
    state.withLock { state in
      guard let token = state.newToken(limit) else { return nil }
      state.closing[runID, default: [:]][token] = action
      return token
    }
  }

  /// Calls `action` at every change of the run, its close included, until it is removed. Nil: too many wait already.
  func onChange(_ runID: RunID, _ action: @escaping @Sendable () -> Void) -> Token? {
    state.withLock { state in
      guard let token = state.newToken(limit) else { return nil }
      state.changing[runID, default: [:]][token] = action
      return token
    }
  }

  /// Calls that wait now.
  var count: Int { state.withLock { $0.count } }

  func remove(_ runID: RunID, _ token: Token) {
    state.withLock { state in
      if state.closing[runID]?.removeValue(forKey: token) != nil { state.count -= 1 }
      if state.closing[runID]?.isEmpty == true { state.closing[runID] = nil }
      if state.changing[runID]?.removeValue(forKey: token) != nil { state.count -= 1 }
      if state.changing[runID]?.isEmpty == true { state.changing[runID] = nil }
    }
  }

  func changed(_ runID: RunID) {
    let actions = state.withLock { state in state.changing.isEmpty ? nil : state.changing[runID]?.values }
    actions?.forEach { $0() }
  }

  func closed(_ runID: RunID, _ end: RunEnd? = nil) {
    started.remove(runID)
    let (closing, changing) = state.withLock { state in
      let closing = state.closing.removeValue(forKey: runID)?.values
      state.count -= closing?.count ?? 0
      return (closing, state.changing[runID]?.values)
    }
    closing?.forEach { $0(end) }
    changing?.forEach { $0() }
  }

  /// Wakes everyone: the coordinator is stopping, and whoever waits is to go on elsewhere.
  func wakeAll() {
    let (closing, changing) = state.withLock { state in
      let closing = state.closing.values.flatMap(\.values)
      state.closing = [:]
      state.count -= closing.count
      return (closing, state.changing.values.flatMap(\.values))
    }
    closing.forEach { $0(nil) }
    changing.forEach { $0() }
  }

  /// Runs whose changes somebody here follows.
  var watched: [RunID] { state.withLock { Array($0.changing.keys) } }

  /// Runs that somebody here waits for.
  var awaited: [RunID] { state.withLock { Array(Set($0.closing.keys).union($0.changing.keys)) } }
}

extension RunHub.State {
  fileprivate mutating func newToken(_ limit: Int) -> RunHub.Token? {
    guard count < limit else { return nil }
    count += 1
    nextToken += 1
    return nextToken
  }
}
