internal import Engine
package import Meters
package import Postgres

/// Carries out one batch of operations: one transaction, one pipelined round trip, one statement a verb.
///
/// Statements run in a fixed order: what begins comes before what settles, what settles before what advances, what closes
/// before what claims.
package struct OperationExecutor: BatchExecutor {
  /// Operations of committed batches by verb.
  package let operations: NamedCounters

  package init(operations: NamedCounters = NamedCounters()) { self.operations = operations }

  package func key(_ operation: Operation) -> UInt64 { operation.laneKey }
  package func byteCount(_ operation: Operation) -> Int { operation.byteCount }
  package func exclusive(_ operation: Operation) -> Bool { operation.isExclusive }

  package func execute(_ operations: [Operation], on connection: PostgresConnection) throws -> [Outcome] {
    let verbs = Verbs(operations)
    var outcomes = [Outcome](repeating: .refused, count: operations.count)
    let pipeline = PostgresPipeline()
    let collectors = verbs.add(to: pipeline)
    try connection.execute(pipeline)
    for collect in collectors { collect(&outcomes) }
    var counts: [String: Int] = [:]
    for operation in operations { counts[operation.verb, default: 0] += 1 }
    self.operations.add(counts)
    return outcomes
  }

  /// Every operation is guarded, so running it again is looking: what took effect is refused the second time, and the
  /// caller sees by the epochs that it was recorded.
  package func settle(_ operations: [Operation], on connection: PostgresConnection) throws -> [Outcome?] {
    operations.map { _ in nil }
  }
}
