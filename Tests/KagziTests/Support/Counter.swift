import Synchronization

/// Counts by name, from any thread.
final class Counter: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// Adds one; gives the new count.
  @discardableResult
  func add(_ name: String = "") -> Int {
    counts.withLock { counts in
      counts[name, default: 0] += 1
      return counts[name, default: 0]
    }
  }

  func count(_ name: String = "") -> Int { counts.withLock { $0[name, default: 0] } }
}
