internal import Synchronization

/// What connections asked of the server. Shared by all connections that are made from one configuration.
package final class PostgresTraffic: Sendable {
  private let statementCount = Atomic<Int>(0)
  private let roundTripCount = Atomic<Int>(0)

  package init() {}

  /// Statements sent; prepares, BEGIN and COMMIT not counted.
  package var statements: Int { statementCount.load(ordering: .relaxed) }

  /// Times that a connection waited for the server.
  package var roundTrips: Int { roundTripCount.load(ordering: .relaxed) }

  internal func sent(statements: Int) {
    statementCount.add(statements, ordering: .relaxed)
    roundTripCount.add(1, ordering: .relaxed)
  }
}
