internal import Postgres
internal import Synchronization

/// What the database's clock shows, as far as is known here, and whether leases may be judged by it.
internal final class LeaseClock: Sendable {
  /// What a turn of keeping leases begins with.
  struct Turn: Sendable {
    fileprivate var began: ContinuousClock.Instant
    /// What the database's clock shows, taken before the heartbeats that this turn writes. It lags rather than leads. Nil: it
    /// is not known.
    var moment: PostgresTimestamp?
    /// Whether other coordinators' sessions may be judged, too.
    var includesOthers: Bool
    /// Whether sessions may have ended without our hearing of it.
    var hasOrphans: Bool
  }

  private struct State {
    var shown: (now: PostgresTimestamp, at: ContinuousClock.Instant)?
    /// When the database was last seen to be slow, or not to answer.
    var trouble: ContinuousClock.Instant
    var isUnderWay = false
    var hasOrphans = false
  }

  /// A turn that takes longer says that the database was away.
  private static let promptness: Duration = .seconds(1)
  /// How long other coordinators may need to connect again and to write what beat meanwhile.
  private static let patience: Duration = .seconds(4)

  private let state: Mutex<State>

  init(now: ContinuousClock.Instant = .now) { state = Mutex(State(trouble: now)) }

  func begin(now: ContinuousClock.Instant = .now) -> Turn {
    state.withLock { state in
      // The last turn failed.
      if state.isUnderWay { state.trouble = now }
      state.isUnderWay = true
      let moment = state.shown.map { shown in
        PostgresTimestamp(microseconds: shown.now.microseconds + Int64((now - shown.at) / .microseconds(1)))
      }
      return Turn(
        began: now, moment: moment, includesOthers: now - state.trouble > Self.patience, hasOrphans: state.hasOrphans)
    }
  }

  /// The turn did all it was to do.
  func finished(_ turn: Turn, now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      state.isUnderWay = false
      if turn.hasOrphans { state.hasOrphans = false }
      if now - turn.began > Self.promptness { state.trouble = now }
    }
  }

  /// An answer says what the database's clock showed when it was made.
  func shows(_ timestamp: PostgresTimestamp, now: ContinuousClock.Instant = .now) {
    state.withLock { $0.shown = (timestamp, now) }
  }

  /// Sessions may have ended without our hearing of it.
  func leftOrphans() { state.withLock { $0.hasOrphans = true } }
}
