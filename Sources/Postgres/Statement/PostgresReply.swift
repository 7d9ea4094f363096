/// The place where a pipelined statement's outcome arrives; filled once its pipeline was executed without an error.
@usableFromInline package final class PostgresReply<Row: Sendable> {
  @usableFromInline internal var outcome: PostgresOutcome<Row>?

  @usableFromInline internal init() {}

  /// The statement's outcome. Asking before the pipeline has succeeded is a programming error and traps.
  @usableFromInline package var value: PostgresOutcome<Row> {
    guard let outcome else { preconditionFailure("a reply is read after its pipeline was executed") }
    return outcome
  }

  @usableFromInline package var rows: [Row] { value.rows }
  @usableFromInline package var affectedRows: Int { value.affectedRows }
}
