internal import Engine
internal import Synchronization

/// Which versions runs were moved to of late. What is known of a run in memory, such as with an activity task that a
/// session holds, may still name the version it had: what becomes ready under the old version is looked for under the new
/// one, too. After a while only the slow scan does so.
internal final class VersionMoves: Sendable {
  private struct Move {
    var version: Int32
    var endsAt: ContinuousClock.Instant
  }

  private static let memory: Duration = .seconds(600)
  private let moves = Mutex<[TaskKey: [Move]]>([:])

  func note(_ key: TaskKey, toVersion version: Int32, now: ContinuousClock.Instant = .now) {
    moves.withLock { moves in
      var list = moves[key, default: []].filter { $0.endsAt > now && $0.version != version }
      list.append(Move(version: version, endsAt: now + Self.memory))
      moves[key] = list
    }
  }

  /// The keys under which tasks of `key` may be ready as well.
  func others(than key: TaskKey, now: ContinuousClock.Instant = .now) -> [TaskKey] {
    moves.withLock { moves in
      guard !moves.isEmpty, let list = moves[key]?.filter({ $0.endsAt > now }) else { return [] }
      moves[key] = list.isEmpty ? nil : list
      return list.map { move in
        var other = key
        other.version = move.version
        return other
      }
    }
  }
}
