internal import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  package init() {}

  package func add(_ amount: Int = 1) { value.add(amount, ordering: .relaxed) }

  package var count: Int { value.load(ordering: .relaxed) }
}

/// Numbers that only grow, one a name. For names that the program chooses: there are few of them.
package final class NamedCounters: Sendable {
  private let values = Mutex<[String: Int]>([:])

  package init() {}

  package func add(_ name: String, _ amount: Int = 1) { values.withLock { $0[name, default: 0] += amount } }

  package func add(_ amounts: [String: Int]) {
    values.withLock { values in for (name, amount) in amounts { values[name, default: 0] += amount } }
  }

  package var counts: [String: Int] { values.withLock { $0 } }
}
