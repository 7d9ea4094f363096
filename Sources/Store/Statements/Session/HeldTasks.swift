package import Engine
package import Postgres

/// Activity tasks that sessions hold. With no sessions given: those held by sessions that have ended, at most 10,000.
package struct HeldSteps: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package static let name = "held_steps"
  package static let sql = """
    SELECT \(HeldStepColumns.columns)
      FROM kagzi.steps s
      JOIN kagzi.runs r ON r.run_id = ANY (ARRAY[s.run_id])
      LEFT JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[s.run_id])
     WHERE s.session_id IS NOT NULL
       AND CASE WHEN cardinality($1::uuid[]) > 0 THEN s.session_id = ANY ($1::uuid[])
             ELSE NOT EXISTS (SELECT FROM kagzi.sessions k WHERE k.session_id = s.session_id AND k.ended_at IS NULL) END
     LIMIT CASE WHEN cardinality($1::uuid[]) > 0 THEN NULL ELSE 10000 END
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> ClaimedStep {
    try HeldStepColumns.decode(row)
  }
}

/// The tokens of activity tasks that sessions hold, without what their workers need.
package struct HeldStepTokens: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package static let name = "held_step_tokens"
  package static let sql = """
    SELECT s.run_id, s.session_id, s.lease_epoch, s.step_key FROM kagzi.steps s
     WHERE s.session_id IS NOT NULL AND s.session_id = ANY ($1::uuid[])
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> TaskToken {
    TaskToken(runID: try row.id(0), sessionID: try row.id(1), epoch: try row.int32(2), step: try row.string(3))
  }
}

/// Workflow tasks that sessions hold. With no sessions given: those held by sessions that have ended, at most 10,000.
package struct HeldRuns: PostgresStatement {
  package let sessionIDs: [SessionID]

  package init(sessionIDs: [SessionID]) { self.sessionIDs = sessionIDs }

  package struct Row: Sendable {
    package var run: ClaimedRun
    /// Why the run is to cancel, if it is.
    package var cancelReason: String?
  }

  package static let name = "held_runs"
  package static let sql = """
    SELECT o.run_id, o.session_id, o.lease_epoch, o.sticky, CASE WHEN o.cancel_requested THEN coalesce(o.cancel_reason, '') END
      FROM kagzi.open_runs o
     WHERE o.leased
       AND CASE WHEN cardinality($1::uuid[]) > 0 THEN o.session_id = ANY ($1::uuid[])
             ELSE NOT EXISTS (SELECT FROM kagzi.sessions k WHERE k.session_id = o.session_id AND k.ended_at IS NULL) END
     LIMIT CASE WHEN cardinality($1::uuid[]) > 0 THEN NULL ELSE 10000 END
    """

  package func bind(_ parameters: inout PostgresParameters) { parameters.bindArray(sessionIDs) }
  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let run = ClaimedRun(
      runID: try row.id(0), sessionID: try row.id(1), epoch: try row.int32(2), isDelta: try row.bool(3))
    return Row(run: run, cancelReason: try row.optionalString(4))
  }
}
