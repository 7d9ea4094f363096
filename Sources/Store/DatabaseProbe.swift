package import Logging
package import Postgres
internal import Synchronization

/// Asks the database for one round trip, over a connection of its own: neither heavy reads nor full lanes make it look
/// dead, and a database that does not answer at all is called so in time.
package final class DatabaseProbe: Sendable {
  /// What came of one round trip.
  package struct Answer: Sendable, Hashable {
    /// How long it took, or was waited for.
    package var milliseconds: Int64
    /// Why there was none; nil: the database answered.
    package var failure: String?
    /// Where the server's WAL ended then, in bytes; nil without an answer, or from a standby.
    package var walPosition: Int64?

    package var isReachable: Bool { failure == nil }
  }

  private struct State {
    var isAsking = false
    var nextID: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Answer, Never>] = [:]
    var firstPosition: Int64?
    var lastPosition: Int64?
  }

  private let pool: PostgresPool
  private let bound: Duration
  private let state = Mutex(State())

  /// - Parameter bound: `check` returns within this, come what may. Default 5 s.
  package init(_ configuration: PostgresConfiguration, bound: Duration = .seconds(5), logger: Logger) {
    var configuration = configuration
    configuration.connectTimeout = min(configuration.connectTimeout, .seconds(2))
    configuration.statementTimeout = bound
    configuration.sessionSettings = [:]
    // A refused connection is tried again for a second only: the caller wants to know, not to wait.
    pool = PostgresPool(configuration, limits: .init(size: 1, waiting: 10, timeout: .seconds(1)), logger: logger)
    self.bound = bound
  }

  /// One round trip now. Callers that come while one is under way share its answer.
  package func check() async -> Answer {
    let begin = ContinuousClock.now
    return await withCheckedContinuation { continuation in
      let (id, asks) = state.withLock { state in
        state.nextID += 1
        state.waiters[state.nextID] = continuation
        defer { state.isAsking = true }
        return (state.nextID, !state.isAsking)
      }
      if asks { ask(begin) }
      Task { [self, bound] in
        try? await Task.sleep(for: bound)
        giveUp(id, begin)
      }
    }
  }

  package func shutdown() async { await pool.shutdown() }

  private func ask(_ begin: ContinuousClock.Instant) {
    pool.submit {
      try $0.execute(LocateWAL()).rows
    } completion: { [self] result in
      let answer = Self.answer(result, since: begin)
      if let position = answer.walPosition { note(position) }
      let waiters = state.withLock { state in
        state.isAsking = false
        defer { state.waiters = [:] }
        return state.waiters.values
      }
      for waiter in waiters { waiter.resume(returning: answer) }
    }
  }

  private static func answer(
    _ result: Result<[Int64?], any Error>, since begin: ContinuousClock.Instant
  ) -> Answer {
    let milliseconds = milliseconds(since: begin)
    switch result {
    case .failure(let error): return Answer(milliseconds: milliseconds, failure: "\(error)")
    case .success(let rows): return Answer(milliseconds: milliseconds, walPosition: rows.first ?? nil)
    }
  }

  /// Bytes of WAL that the server wrote from the first answer to the latest, for whoever uses it. Nil before there are two.
  package var walBytes: Int64? {
    state.withLock { state in
      guard let first = state.firstPosition, let last = state.lastPosition, last >= first else { return nil }
      return last - first
    }
  }

  private func note(_ position: Int64) {
    state.withLock { state in
      // Another server of a multi-host string may be behind: counting begins anew there.
      if state.firstPosition == nil || position < state.lastPosition ?? 0 { state.firstPosition = position }
      state.lastPosition = position
    }
  }

  private func giveUp(_ id: UInt64, _ begin: ContinuousClock.Instant) {
    let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
    waiter?.resume(
      returning: Answer(milliseconds: Self.milliseconds(since: begin), failure: "no answer came within \(bound)"))
  }

  private static func milliseconds(since begin: ContinuousClock.Instant) -> Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - begin).components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }
}

/// The round trip: it brings home what costs the server nothing.
private struct LocateWAL: PostgresStatement {
  static let name = "locate_wal"
  static let sql = """
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint END
    """
  static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Int64? { try row.optionalInt64(0) }
}
