/// How well something is. Raw values are those of the contract.
package enum HealthLevel: Int32, Sendable, Comparable {
  case healthy = 1
  /// It works, but look at it.
  case degraded = 2
  /// It does not work.
  case unhealthy = 3

  package static func < (left: HealthLevel, right: HealthLevel) -> Bool { left.rawValue < right.rawValue }

  /// The name operators see.
  package var name: String {
    switch self {
    case .healthy: "HEALTHY"
    case .degraded: "DEGRADED"
    case .unhealthy: "UNHEALTHY"
    }
  }
}

/// One thing that was checked, and the numbers behind the verdict.
package struct CheckedThing: Sendable, Hashable {
  /// `database`, `workers`, `worker/<id>`, `queues`, `queue/<name>`, `runs`.
  package var subject: String
  package var level: HealthLevel
  /// One sentence for a person.
  package var message: String
  package var evidence: [String: String]

  package init(_ subject: String, _ level: HealthLevel, _ message: String, _ evidence: [String: String] = [:]) {
    self.subject = subject
    self.level = level
    self.message = message
    self.evidence = evidence
  }
}

extension Sequence<CheckedThing> {
  /// The worst of all; healthy when nothing was checked.
  package var worst: HealthLevel { reduce(.healthy) { Swift.max($0, $1.level) } }
}
