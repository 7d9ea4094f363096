internal import CLibpq
internal import Glibc

extension PostgresConnection {
  /// Reads the answer of one step. An error of the server is kept and the reading goes on to the sync; a lost connection throws.
  internal func receive(
    _ step: PostgresExchange.Step, of pipeline: PostgresPipeline, in exchange: inout PostgresExchange
  ) throws(PostgresError) {
    guard let result = try nextResult(exchange) else { throw unexpected("an empty answer", exchange) }
    switch result.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK: accept(result, for: step, of: pipeline, in: &exchange)
    case PGRES_FATAL_ERROR: fail(result, at: step, of: pipeline, in: &exchange)
    case PGRES_PIPELINE_ABORTED: break  // an earlier step failed, and says why
    default: throw unexpected("status \(result.status.rawValue)", exchange)
    }
    if !isUsable, let failure = exchange.failure { throw failure }
    guard try nextResult(exchange) == nil else { throw unexpected("a second answer", exchange) }
  }

  /// Reads the answer to the sync: from here on the outcome is known. The commit may still fail here.
  internal func receiveSync(_ exchange: inout PostgresExchange) throws(PostgresError) {
    while true {
      guard let result = try nextResult(exchange) else { continue }
      switch result.status {
      case PGRES_PIPELINE_SYNC: return
      case PGRES_FATAL_ERROR:
        exchange.failure = exchange.failure ?? serverError(result)
        guard PQstatus(handle) == CONNECTION_OK else { throw lostAtCommit(exchange) }
      default: throw unexpected("status \(result.status.rawValue) for a sync", exchange)
      }
    }
  }

  private func accept(
    _ result: borrowing PostgresResult, for step: PostgresExchange.Step, of pipeline: PostgresPipeline,
    in exchange: inout PostgresExchange
  ) {
    switch step {
    case .prepare(let name): prepared.insert(name)
    case .entry(let index):
      do throws(PostgresDecodingError) {
        try pipeline.entries[index].receive(result)
      } catch {
        exchange.failure = exchange.failure ?? undecodable(error, pipeline.entries[index].name)
      }
    }
  }

  private func fail(
    _ result: borrowing PostgresResult, at step: PostgresExchange.Step, of pipeline: PostgresPipeline,
    in exchange: inout PostgresExchange
  ) {
    var error = serverError(result)
    switch step {
    case .entry(let index): error.statement = pipeline.entries[index].name
    case .prepare(let name): error.statement = name
    }
    if PQstatus(handle) != CONNECTION_OK || error.fault == .reconnect {
      isUsable = false
      // An error of the server before the sync ends the transaction; one without a SQLSTATE leaves it open what was done.
      error.isFateUnknown = error.sqlState == nil
    }
    exchange.failure = exchange.failure ?? error
  }

  private func undecodable(_ error: PostgresDecodingError, _ statement: String) -> PostgresError {
    var failure = PostgresError(.undecodable(error), "a row is not what its statement expects: \(error)", cause: error)
    failure.statement = statement
    return failure
  }

  private func lostAtCommit(_ exchange: PostgresExchange) -> PostgresError {
    var error = lost(.connectionLost, "the connection ended at the commit: \(libpqMessage)", isFateUnknown: true)
    error.cause = exchange.failure
    return error
  }

  private func unexpected(_ what: String, _ exchange: PostgresExchange) -> PostgresError {
    guard PQstatus(handle) == CONNECTION_OK else {
      return lost(.connectionLost, "the connection ended: \(libpqMessage)", isFateUnknown: exchange.isCommitSent)
    }
    return lost(.protocolViolation, "libpq gave \(what)", isFateUnknown: exchange.isCommitSent)
  }
}
