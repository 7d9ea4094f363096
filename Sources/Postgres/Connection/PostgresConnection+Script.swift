internal import CLibpq

extension PostgresConnection {
  /// Executes a text of several statements by the simple protocol, for migrations; rows are thrown away.
  ///
  /// Outside `withTransaction` the text is one implicit transaction. Not a hot path: pipeline mode is left for it.
  package func executeScript(_ sql: String, timeout: Duration? = nil) throws(PostgresError) {
    checkThread()
    guard isUsable else { throw PostgresError(.connectionLost, "the connection was lost before") }
    var exchange = PostgresExchange(deadline: .now + (timeout ?? configuration.statementTimeout))
    exchange.isCommitSent = true
    statementCount += 1
    roundTripCount += 1
    guard PQexitPipelineMode(handle) == 1, PQsendQuery(handle, sql) == 1 else {
      throw lost(.connectionLost, "cannot send to Postgres: \(libpqMessage)", isFateUnknown: false)
    }
    while let result = try nextResult(exchange) {
      if result.status == PGRES_FATAL_ERROR { exchange.failure = exchange.failure ?? serverError(result) }
      if result.status == PGRES_COPY_IN || result.status == PGRES_COPY_OUT {
        throw lost(.protocolViolation, "a script cannot COPY", isFateUnknown: true)
      }
    }
    guard PQstatus(handle) == CONNECTION_OK, PQenterPipelineMode(handle) == 1 else {
      var error = lost(.connectionLost, "the connection ended: \(libpqMessage)", isFateUnknown: true)
      error.cause = exchange.failure
      throw error
    }
    if let failure = exchange.failure { throw failure }
  }
}
