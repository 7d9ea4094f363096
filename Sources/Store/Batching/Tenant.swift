package import Engine

/// Whose work an operation is: a namespace's task queue. Tenants share what a busy coordinator has.
package struct Tenant: Sendable, Hashable {
  private let value: Int

  /// Of operations that name none. They are carried out in order like all others, but are nobody's: never on the express lane.
  internal static let unknown = Tenant(value: 0)

  private init(value: Int) { self.value = value }

  /// Two tenants that have one hash value are taken for one, which costs them fairness and nothing else.
  package init(namespace: String, queue: String) {
    var hasher = Hasher()
    hasher.combine(namespace)
    hasher.combine(queue)
    value = hasher.finalize()
  }
}

extension RunReference {
  /// The tenant that the run belongs to.
  package var tenant: Tenant { Tenant(namespace: namespace, queue: taskQueue) }
}

extension TaskKey {
  /// The tenant whose workers take such tasks.
  package var tenant: Tenant { Tenant(namespace: namespace, queue: queue) }
}
