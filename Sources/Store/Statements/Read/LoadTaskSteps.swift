package import Engine
package import Postgres

/// The steps that workflow tasks carry: all of a run's, or those that settled since its session was told.
/// Local steps that the session reported itself are left out of a delta, but for retries that are due.
package struct LoadTaskSteps: LookupStatement {
  package let runIDs: [RunID]
  package let areDeltas: [Bool]

  package init(runIDs: [RunID], areDeltas: [Bool]) {
    self.runIDs = runIDs
    self.areDeltas = areDeltas
  }

  package struct Row: Sendable {
    package var runID: RunID
    package var step: StepRow
    /// For a local step that waits for its next attempt: how long, in milliseconds; 0 when due.
    package var retryDelayMilliseconds: Int64?
  }

  package static let name = "load_task_steps"
  package static let sql = """
    SELECT \(StepRow.columns), NULL::bytea, s.output, NULL::bytea, s.run_id,
           CASE WHEN s.kind = 1 AND s.state = 4 THEN
             greatest(0, extract(epoch FROM s.due_at - clock_timestamp()) * 1000)::bigint END
      FROM unnest($1::uuid[], $2::boolean[]) AS t (run_id, is_delta)
      JOIN kagzi.open_runs o ON o.run_id = t.run_id
      JOIN kagzi.steps s ON s.run_id = t.run_id
     WHERE NOT t.is_delta
        OR (s.kind <> 1 AND s.settled_seq > o.delivered_seq)
        OR (s.kind = 1 AND s.state = 4)
     ORDER BY s.run_id, s.scheduled_seq, s.step_key
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(runIDs)
    parameters.bindArray(areDeltas)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(runID: try row.id(21), step: try StepRow(row), retryDelayMilliseconds: try row.optionalInt64(22))
  }
}
