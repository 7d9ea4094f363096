internal import CLibpq

extension PostgresConnection {
  /// One round trip: everything is sent, then everything is read; answers after the first error are skipped by the server.
  ///
  /// The sync ends the transaction that the first statement began, so a batch costs no BEGIN and no COMMIT of its own.
  internal func exchange(_ pipeline: PostgresPipeline, timeout: Duration?) throws(PostgresError) {
    checkThread()
    guard isUsable else { throw PostgresError(.connectionLost, "the connection was lost before") }
    guard pipeline.count <= PostgresLimits.pipelineStatements else {
      throw PostgresError(.tooLarge, "\(pipeline.count) statements in one pipeline")
    }
    var exchange = PostgresExchange(deadline: .now + (timeout ?? configuration.statementTimeout))
    let commits = PQtransactionStatus(handle) == PQTRANS_IDLE
    notices.isCommitDoubtful = false
    try send(pipeline, in: &exchange)
    for step in exchange.steps { try receive(step, of: pipeline, in: &exchange) }
    try receiveSync(&exchange)
    if let failure = exchange.failure { throw failure }
    if commits && notices.isCommitDoubtful { throw doubtfulCommit() }
  }

  private func send(_ pipeline: PostgresPipeline, in exchange: inout PostgresExchange) throws(PostgresError) {
    for index in pipeline.entries.indices { try send(pipeline.entries[index], index: index, in: &exchange) }
    exchange.isCommitSent = true
    roundTripCount += 1
    configuration.traffic.sent(statements: pipeline.entries.count)
    guard PQpipelineSync(handle) == 1 else { throw refusedToSend(exchange) }
  }

  private func send(
    _ entry: PostgresPipeline.Entry, index: Int, in exchange: inout PostgresExchange
  ) throws(PostgresError) {
    parameters.reset()
    entry.bind(&parameters)
    statementCount += 1
    exchange.bytes += parameters.buffer.count
    guard exchange.bytes <= PostgresLimits.pipelineBytes else {
      // What stands in libpq's buffer cannot be taken back; without the sync nothing of it is committed.
      isUsable = false
      throw PostgresError(.tooLarge, "more than \(PostgresLimits.pipelineBytes) bytes of parameters in one pipeline")
    }
    if !entry.name.isEmpty { try prepare(entry.name, entry.sql, in: &exchange) }
    exchange.steps.append(.entry(index))
    guard sendBound(entry) else { throw refusedToSend(exchange) }
  }

  private func prepare(_ name: String, _ sql: String, in exchange: inout PostgresExchange) throws(PostgresError) {
    guard !prepared.contains(name), exchange.preparing.insert(name).inserted else { return }
    exchange.steps.append(.prepare(name: name))
    let types = parameters.types
    guard PQsendPrepare(handle, name, sql, Int32(types.count), types) == 1 else { throw refusedToSend(exchange) }
  }

  /// Sends the bound parameters; libpq copies them. The binary format is asked for, both ways.
  private func sendBound(_ entry: PostgresPipeline.Entry) -> Bool {
    let count = parameters.count
    return parameters.buffer.withUnsafeBytes { bytes in
      let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      var values: [UnsafePointer<CChar>?] = []
      values.reserveCapacity(count)
      var lengths = parameters.lengths
      for index in 0..<count {
        values.append(lengths[index] < 0 ? nil : start.map { $0 + parameters.offsets[index] })
        lengths[index] = max(0, lengths[index])
      }
      let formats = [Int32](repeating: 1, count: count)
      if entry.name.isEmpty {
        return PQsendQueryParams(handle, entry.sql, Int32(count), parameters.types, values, lengths, formats, 1) == 1
      }
      return PQsendQueryPrepared(handle, entry.name, Int32(count), values, lengths, formats, 1) == 1
    }
  }

  private func refusedToSend(_ exchange: PostgresExchange) -> PostgresError {
    lost(.connectionLost, "cannot send to Postgres: \(libpqMessage)", isFateUnknown: exchange.isCommitSent)
  }
}
