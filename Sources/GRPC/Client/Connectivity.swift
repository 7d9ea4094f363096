/// Whether a client channel has a connection, and what to do to get one. A value without I/O.
///
/// Targets are tried in turn, beginning with the one that worked last; when each has failed there is a pause that
/// grows. Nothing is tried while no call wants a connection.
struct Connectivity {
  enum State: Equatable {
    case idle
    case connecting(target: Int, tried: Int)
    case ready(target: Int)
    case pausing
    case closed
  }

  enum CallAction: Equatable {
    case use
    case connect(target: Int)
    case wait
    /// Only a call that waits for readiness may wait.
    case failUnlessWaiting
    case closed
  }

  enum FailureAction: Equatable {
    case connect(target: Int)
    /// Calls that do not wait for readiness fail; the next attempt is after the pause (nanoseconds).
    case pause(UInt64)
    case nothing
  }

  private let targets: Int
  private let firstPause: UInt64
  private let longestPause: UInt64
  private var preferred = 0
  private var failures = 0
  private(set) var state = State.idle

  init(targets: Int, limits: ClientLimits) {
    self.targets = targets
    firstPause = limits.firstBackoff.nanoseconds
    longestPause = limits.maxBackoff.nanoseconds
  }

  mutating func callArrived() -> CallAction {
    switch state {
    case .ready: return .use
    case .idle:
      state = .connecting(target: preferred, tried: 1)
      return .connect(target: preferred)
    case .connecting: return .wait
    case .pausing: return .failUnlessWaiting
    case .closed: return .closed
    }
  }

  mutating func connected() {
    guard case .connecting(let target, _) = state else { return }
    state = .ready(target: target)
    preferred = target
    failures = 0
  }

  /// `jitter` is a random number from 0 to 1.
  mutating func connectFailed(jitter: Double) -> FailureAction {
    guard case .connecting(let target, let tried) = state else { return .nothing }
    if tried < targets {
      let next = (target + 1) % targets
      state = .connecting(target: next, tried: tried + 1)
      return .connect(target: next)
    }
    state = .pausing
    var pause = Double(firstPause)
    for _ in 0..<min(failures, 32) where pause < Double(longestPause) { pause *= 1.6 }
    failures += 1
    return .pause(UInt64(min(pause, Double(longestPause)) * (0.8 + 0.4 * jitter)))
  }

  /// The pause is over. Returns the target to connect to if calls wait.
  mutating func pauseEnded(callsWait: Bool) -> Int? {
    guard state == .pausing else { return nil }
    guard callsWait else {
      state = .idle
      return nil
    }
    state = .connecting(target: preferred, tried: 1)
    return preferred
  }

  /// The connection is gone or takes no more calls. After a GOAWAY the next target is preferred: this one is leaving.
  mutating func lostConnection(isLeaving: Bool) {
    guard case .ready(let target) = state else { return }
    if isLeaving { preferred = (target + 1) % targets }
    state = .idle
  }

  mutating func closed() { state = .closed }
}
