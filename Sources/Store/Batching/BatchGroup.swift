internal import Postgres

/// A batch, or a part of a split one, on its way to its outcomes.
internal struct BatchGroup<Operation: Sendable, Outcome: Sendable> {
  typealias Pending = PendingOperation<Operation, Outcome>

  var operations: [Pending]
  /// The session whose commit may have taken effect; looked after before anything else.
  var doubt: PostgresBackend?
  var conflicts = 0
  var losses = 0

  init(_ operations: [Pending]) { self.operations = operations }

  /// The two halves, in order. There is nothing in doubt about them.
  var halves: (BatchGroup, BatchGroup) {
    let middle = operations.count / 2
    return (BatchGroup(Array(operations[..<middle])), BatchGroup(Array(operations[middle...])))
  }
}
