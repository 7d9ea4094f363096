internal import CLibpq

extension PostgresConnection {
  /// Executes one statement in a transaction of its own.
  ///
  /// - Parameter timeout: the configuration's `statementTimeout` unless given. When it passes, the server is asked to
  ///   cancel, the connection is dropped and the error says `fateUnknown`.
  @discardableResult
  package func execute<Statement: PostgresStatement>(
    _ statement: Statement, timeout: Duration? = nil
  ) throws(PostgresError) -> PostgresOutcome<Statement.Row> {
    let pipeline = PostgresPipeline()
    let reply = pipeline.add(statement)
    try execute(pipeline, timeout: timeout)
    return reply.value
  }

  /// Sends all statements and one sync, and reads all answers: one round trip.
  ///
  /// Outside `withTransaction` they share one implicit transaction, which the sync commits: all are done, or, on an error, none,
  /// unless its fault is `fateUnknown`.
  package func execute(_ pipeline: PostgresPipeline, timeout: Duration? = nil) throws(PostgresError) {
    try exchange(pipeline, timeout: timeout)
  }

  /// Runs `body` between BEGIN and COMMIT, a round trip each beside its own. An error of `body` rolls back and is thrown on.
  package func withTransaction<Result>(_ body: (PostgresConnection) throws -> Result) throws -> Result {
    try execute(TransactionControl.Begin())
    do {
      let result = try body(self)
      try commit()
      return result
    } catch {
      rollBackIfOpen()
      throw error
    }
  }

  private func commit() throws(PostgresError) {
    guard PQtransactionStatus(handle) == PQTRANS_INTRANS else {
      throw PostgresError(.server(.inFailedTransaction), "a statement of the transaction failed: nothing is committed")
    }
    notices.isCommitDoubtful = false
    try execute(TransactionControl.Commit())
    guard !notices.isCommitDoubtful else { throw doubtfulCommit() }
  }

  /// The server ended the wait for its standby: the commit is visible here but may not survive a failover.
  internal func doubtfulCommit() -> PostgresError {
    lost(.connectionLost, "the server committed without its standby's word", isFateUnknown: true)
  }

  /// After an error: leaves no transaction open, or the connection unusable.
  private func rollBackIfOpen() {
    guard isUsable, PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
    do { try execute(TransactionControl.Rollback()) } catch { isUsable = false }
  }
}

/// The commands around a transaction.
internal enum TransactionControl {
  internal struct Begin: PostgresStatement {
    typealias Row = Void
    static var name: String { "kagzi_begin" }
    static var sql: String { "BEGIN" }
  }

  internal struct Commit: PostgresStatement {
    typealias Row = Void
    static var name: String { "kagzi_commit" }
    static var sql: String { "COMMIT" }
  }

  internal struct Rollback: PostgresStatement {
    typealias Row = Void
    static var name: String { "kagzi_rollback" }
    static var sql: String { "ROLLBACK" }
  }
}
