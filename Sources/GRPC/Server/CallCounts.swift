import Synchronization

/// How calls of one RPC ended, by status. The common case costs one atomic addition.
package final class CallCounts: Sendable {
  private let succeeded = Atomic<Int>(0)
  private let failed = Mutex<[StatusCode: Int]>([:])

  init() {}

  func add(_ code: StatusCode) {
    if code == .ok {
      succeeded.add(1, ordering: .relaxed)
    } else {
      failed.withLock { $0[code, default: 0] += 1 }
    }
  }

  /// Calls by status; those that did not occur are left out.
  package var counts: [StatusCode: Int] {
    var counts = failed.withLock { $0 }
    let succeeded = succeeded.load(ordering: .relaxed)
    if succeeded > 0 { counts[.ok] = succeeded }
    return counts
  }
}
