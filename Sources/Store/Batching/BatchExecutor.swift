package import Postgres

/// What a lane does with one closed batch, on its connection's own thread.
package protocol BatchExecutor: Sendable {
  associatedtype Operation: Sendable
  associatedtype Outcome: Sendable

  /// Carries all operations out in one transaction, best by `connection.execute(pipeline)`: one round trip.
  ///
  /// - Returns: one outcome an operation, in their order.
  /// - Throws: when nothing was done, or `PostgresError` as it came. The batch is tried again, or split until the
  ///   operation at fault stands alone, as the error's `fault` says. An error that is no `PostgresError` splits too.
  func execute(_ operations: [Operation], on connection: PostgresConnection) throws -> [Outcome]

  /// Finds out, by looking, which operations of a batch took effect whose connection was lost at its commit. The lost
  /// session has been ended before.
  ///
  /// - Returns: an outcome for each that took effect; nil for each that did not, or that is safe to carry out again: it is.
  func settle(_ operations: [Operation], on connection: PostgresConnection) throws -> [Outcome?]

  /// Chooses the lane: operations of one key keep their order.
  func key(_ operation: Operation) -> UInt64

  /// Whether at most one such operation of its key may be in one batch.
  func exclusive(_ operation: Operation) -> Bool

  /// About how many bytes the operation holds, for the limits. Default 0: only counted.
  func byteCount(_ operation: Operation) -> Int
}

extension BatchExecutor {
  package func byteCount(_ operation: Operation) -> Int { 0 }
}
