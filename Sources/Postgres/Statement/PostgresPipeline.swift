/// Statements to send in one go; each `add` gives the place where its outcome will be.
///
/// Used once, on the connection's own thread: `connection.execute(pipeline)`.
@usableFromInline package final class PostgresPipeline {
  @usableFromInline internal struct Entry {
    @usableFromInline let name: String
    @usableFromInline let sql: String
    @usableFromInline let bind: (inout PostgresParameters) -> Void
    @usableFromInline let receive: (borrowing PostgresResult) throws(PostgresDecodingError) -> Void

    @usableFromInline init(
      name: String, sql: String, bind: @escaping (inout PostgresParameters) -> Void,
      receive: @escaping (borrowing PostgresResult) throws(PostgresDecodingError) -> Void
    ) {
      self.name = name
      self.sql = sql
      self.bind = bind
      self.receive = receive
    }
  }

  @usableFromInline internal var entries: [Entry] = []

  @usableFromInline package init() {}

  /// Statements added so far.
  @usableFromInline package var count: Int { entries.count }
  @usableFromInline package var isEmpty: Bool { entries.isEmpty }

  /// Adds a statement after those added before.
  @inlinable @discardableResult
  package func add<Statement: PostgresStatement>(
    _ statement: Statement
  ) -> PostgresReply<Statement.Row> {
    let reply = PostgresReply<Statement.Row>()
    let text = statement.text
    entries.append(
      Entry(name: text.name, sql: text.sql, bind: { statement.bind(&$0) }) {
        (result: borrowing PostgresResult) throws(PostgresDecodingError) in
        var rows: [Statement.Row] = []
        let count = result.rowCount
        rows.reserveCapacity(count)
        for index in 0..<count { rows.append(try Statement.decode(result.row(index))) }
        reply.outcome = PostgresOutcome(rows: rows, affectedRows: result.affectedRows)
      })
    return reply
  }
}
