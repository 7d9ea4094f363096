package import Engine
package import Postgres

/// Records reports that leave their runs open. A row comes back for each whose lease held.
package struct AdvanceRunsMany: PostgresStatement {
  package let advances: [AdvanceRun]

  package struct Row: Sendable {
    package var runID: RunID
    package var advanced: Advanced
  }

  package static let name = "advance_runs_many"
  package static let sql = statement(NewStepArrays.insert(from: 8, inGroups: false))
  /// With members of groups.
  private static let withGroups = PostgresStatementText(
    name: "advance_runs_many_with_groups", sql: statement(NewStepArrays.insert(from: 8)))
  /// With failed attempts of local steps, and perhaps members.
  private static let withAttempts = PostgresStatementText(
    name: "advance_runs_many_with_attempts",
    sql: statement(
      NewStepArrays.insert(from: 8) + ",\n" + FailedAttemptArrays.insert(from: 8 + NewStepArrays.parameterCount)))

  package var text: PostgresStatementText {
    if hasFailedAttempts { return Self.withAttempts }
    let hasMembers = advances.contains { $0.steps.contains { $0.groupKey != nil } }
    return hasMembers ? Self.withGroups : PostgresStatementText(name: Self.name, sql: Self.sql)
  }

  private var hasFailedAttempts: Bool { advances.contains { !$0.failedAttempts.isEmpty } }

  private static func statement(_ recorded: String) -> String {
    """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::integer[], $5::text[], $6::boolean[], $7::boolean[])
          AS i (run_id, epoch, disposition, changes, reason, sticky, has_slot)
       ORDER BY run_id
    ),
    held AS (
      UPDATE kagzi.open_runs r SET
        seq = r.seq + i.changes,
        losses = CASE WHEN i.disposition < 2 THEN 0 ELSE r.losses END,
        status = CASE i.disposition WHEN 0 THEN r.status WHEN 4 THEN 5
                   WHEN 1 THEN CASE WHEN r.status = 5 THEN 5 WHEN r.news THEN 2 ELSE 3 END
                   ELSE CASE WHEN r.status = 5 THEN 5 ELSE 2 END END,
        status_reason = CASE WHEN i.disposition >= 2 THEN i.reason WHEN r.status = 5 THEN r.status_reason END,
        leased = i.disposition = 0 OR (i.disposition = 1 AND i.has_slot AND r.news AND r.status <> 5),
        lease_epoch = r.lease_epoch
          + CASE WHEN i.disposition = 1 AND i.has_slot AND r.news AND r.status <> 5 THEN 1 ELSE 0 END,
        lease_seq = CASE WHEN i.disposition = 1 AND i.has_slot AND r.news AND r.status <> 5
                      THEN r.seq + i.changes ELSE r.lease_seq END,
        reported_epoch = CASE WHEN i.disposition = 0 THEN r.reported_epoch ELSE i.epoch END,
        delivered_seq = CASE WHEN i.disposition = 1 THEN r.lease_seq ELSE r.delivered_seq END,
        sticky = CASE WHEN i.disposition = 0 THEN r.sticky ELSE i.sticky END,
        -- A run that is parked, or paused while its task goes back, is handed out when it is resumed.
        news = (r.news AND (i.disposition = 0 OR r.status = 5)) OR i.disposition = 4 OR (i.disposition = 2 AND r.status = 5),
        ready_at = CASE WHEN r.status <> 5 AND
                     (i.disposition = 2 OR (i.disposition = 1 AND r.news AND NOT i.has_slot)) THEN statement_timestamp() END,
        resume_at = CASE WHEN i.disposition = 3 THEN statement_timestamp() + interval '1 s' END,
        due_at = CASE WHEN i.disposition = 3 THEN least(statement_timestamp() + interval '1 s', r.timeout_at, r.cancel_deadline_at)
                   ELSE r.due_at END
      FROM input i
      WHERE r.run_id = ANY (ARRAY[i.run_id]) AND r.leased AND r.lease_epoch = i.epoch
      RETURNING r.run_id, r.seq, i.changes, r.session_id, r.status = 5 AS is_paused, r.step_epoch, r.attempt_seq,
                r.ready_at IS NOT NULL AS is_ready,
                CASE WHEN r.lease_epoch > i.epoch THEN r.lease_epoch END AS new_epoch
    ),
    \(recorded)
    SELECT run_id, is_ready, new_epoch, is_paused, step_epoch FROM held
    """
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(advances) { $0.runID }
    parameters.bindArray(advances) { $0.epoch }
    parameters.bindArray(advances) { $0.disposition.rawValue }
    parameters.bindArray(advances) {
      Int32($0.steps.count + $0.failedAttempts.count + ($0.disposition == .park ? 1 : 0))
    }
    parameters.bindOptionalArray(advances) { $0.reason }
    parameters.bindArray(advances) { $0.isSticky }
    parameters.bindArray(advances) { $0.hasReservedSlot }
    NewStepArrays.bind(advances.flatMap { $0.steps.positioned(in: $0.runID) }, &parameters)
    guard hasFailedAttempts else { return }
    FailedAttemptArrays.bind(
      advances.flatMap { advance in advance.failedAttempts.map { .init(runID: advance.runID, attempt: $0) } },
      &parameters)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      runID: try row.id(0),
      advanced: Advanced(
        newEpoch: try row.optionalInt32(2), isReady: try row.bool(1), isPaused: try row.bool(3),
        stepEpoch: try row.int32(4)))
  }
}

extension [NewStep] {
  /// The steps with their places in a report, from 1.
  internal func positioned(in runID: RunID) -> [NewStepArrays.Entry] {
    enumerated().map { .init(runID: runID, position: Int32($0.offset + 1), step: $0.element) }
  }
}
