package import Engine
package import Postgres

/// Where a step stands, with what a retry decision needs.
package struct LookAtStep: LookupStatement {
  package let runID: RunID
  package let stepKey: String

  package init(runID: RunID, stepKey: String) {
    self.runID = runID
    self.stepKey = stepKey
  }

  package struct Row: Sendable {
    package var kind: StepKind
    package var state: StepState
    package var attempt: Int32
    package var epoch: Int32
    package var policy: [UInt8]?
    package var elapsedMilliseconds: Int64
    /// Since its first attempt began, or since it was scheduled if none has.
    package var attemptsElapsedMilliseconds: Int64
    package var scheduleToCloseMilliseconds: Int64?
    package var sessionID: SessionID?
    package var workerID: String?
    package var run: RunReference?
    /// The failure of a failed or retrying step.
    package var failure: [UInt8]?
    /// How long until the next attempt of a retrying step is due.
    package var retryDelayMilliseconds: Int64?
  }

  package static let name = "look_at_step"
  package static let sql = """
    SELECT s.kind, s.state, s.attempt, s.lease_epoch, s.policy,
           (extract(epoch FROM clock_timestamp() - s.scheduled_at) * 1000)::bigint, s.schedule_to_close_ms, s.session_id,
           k.worker_id, o.run_id, o.namespace, o.workflow_id, o.workflow_type, o.workflow_version, o.task_queue, o.priority,
           CASE WHEN o.sticky THEN o.session_id END, s.failure,
           greatest(0, (extract(epoch FROM s.due_at - clock_timestamp()) * 1000)::bigint),
           (extract(epoch FROM clock_timestamp() - coalesce(\(FirstAttempt.startedAt), s.started_at, s.scheduled_at)) * 1000)::bigint
      FROM kagzi.steps s
      LEFT JOIN kagzi.open_runs o ON o.run_id = s.run_id
      LEFT JOIN kagzi.sessions k ON k.session_id = s.session_id
     WHERE s.run_id = $1 AND s.step_key = $2
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(stepKey)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let kind = StepKind(rawValue: try row.int16(0)) else { throw .malformed(column: 0) }
    guard let state = StepState(rawValue: try row.int16(1)) else { throw .malformed(column: 1) }
    var run: RunReference?
    if let runID = try row.optionalID(9) {
      run = RunReference(
        runID: runID, namespace: try row.string(10), workflowID: try row.string(11), workflowType: try row.string(12),
        workflowVersion: try row.int32(13), taskQueue: try row.string(14), priority: try row.int16(15), headers: nil,
        stickySession: try row.optionalID(16))
    }
    return Row(
      kind: kind, state: state, attempt: try row.int32(2), epoch: try row.int32(3), policy: try row.optionalBytes(4),
      elapsedMilliseconds: try row.int64(5), attemptsElapsedMilliseconds: try row.int64(19),
      scheduleToCloseMilliseconds: try row.optionalInt64(6),
      sessionID: try row.optionalID(7), workerID: try row.optionalString(8), run: run,
      failure: try row.optionalBytes(17), retryDelayMilliseconds: try row.optionalInt64(18))
  }
}
