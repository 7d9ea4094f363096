/// How a parallel group is joined. Raw values are those of the contract and of the database.
package enum GroupStrategy: Int16, Sendable, CaseIterable {
  /// The first permanent failure resolves it.
  case failFast = 1
  /// Resolves when all members are settled.
  case collectAll = 2
  /// The first success wins.
  case race = 3
  /// A number of successes resolves it.
  case quorum = 4
}
