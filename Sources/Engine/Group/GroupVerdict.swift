/// How a parallel group was resolved. Raw values are those of the contract and of the database.
package enum GroupVerdict: Int16, Sendable, CaseIterable {
  /// What its strategy asks for was reached.
  case succeeded = 1
  /// It is out of reach.
  case failed = 2
  /// Its deadline passed first.
  case deadline = 3
  /// The run asked for its end, or closed.
  case cancelled = 4
}
