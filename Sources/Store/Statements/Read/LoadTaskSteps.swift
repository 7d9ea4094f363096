package import Engine
package import Postgres

/// The steps that workflow tasks carry: all of a run's, or those that settled since its session was told, up to a size
/// and one more, so that it is seen that there are more (also when the first alone is larger). Local steps that the
/// session reported itself are left out of a delta, but for retries that are due; those come along whatever the size.
package struct LoadTaskSteps: LookupStatement {
  package let runIDs: [RunID]
  package let areDeltas: [Bool]
  package let maxBytes: Int

  package init(runIDs: [RunID], areDeltas: [Bool], maxBytes: Int) {
    self.runIDs = runIDs
    self.areDeltas = areDeltas
    self.maxBytes = maxBytes
  }

  package struct Row: Sendable {
    package var runID: RunID
    package var step: StepRow
    /// For a local step that waits for its next attempt: how long, in milliseconds; 0 when due.
    package var retryDelayMilliseconds: Int64?
  }

  /// Whether a step `s` of the open run `o` belongs in a delta.
  internal static let isNew = "((s.kind <> 1 AND s.settled_seq > o.delivered_seq) OR (s.kind = 1 AND s.state = 4))"

  package static let name = "load_task_steps"
  package static let sql = """
    WITH sized AS (
      SELECT s.run_id, s.step_key, s.kind, s.state, s.scheduled_seq,
             sum(octet_length(s.step_key) + coalesce(octet_length(s.output), 0) + coalesce(octet_length(s.failure), 0) + 32)
               OVER (PARTITION BY t.run_id ORDER BY s.scheduled_seq, s.step_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
             row_number() OVER (PARTITION BY t.run_id ORDER BY s.scheduled_seq, s.step_key) AS place
        FROM unnest($1::uuid[], $2::boolean[]) AS t (run_id, is_delta)
        JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[t.run_id])
        JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[t.run_id])
       WHERE NOT t.is_delta OR \(isNew)
    )
    SELECT \(StepRow.columns), NULL::bytea, s.output, NULL::bytea, s.run_id,
           CASE WHEN s.kind = 1 AND s.state = 4 THEN
             greatest(0, extract(epoch FROM s.due_at - clock_timestamp()) * 1000)::bigint END
      FROM sized z JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[z.run_id]) AND s.step_key = z.step_key
     WHERE coalesce(z.before, 0) <= $3 OR z.place = 2 OR (z.kind = 1 AND z.state = 4)
     ORDER BY z.run_id, z.scheduled_seq, z.step_key
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(runIDs)
    parameters.bindArray(areDeltas)
    parameters.bind(maxBytes)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(runID: try row.id(21), step: try StepRow(row), retryDelayMilliseconds: try row.optionalInt64(22))
  }
}

/// The steps of a task that come after those that were sent.
package struct LoadMoreTaskSteps: PostgresStatement {
  package let runID: RunID
  package let isDelta: Bool
  package let after: (sequence: Int64, key: String)
  package let limit: Int

  package init(runID: RunID, isDelta: Bool, after: (sequence: Int64, key: String), limit: Int) {
    self.runID = runID
    self.isDelta = isDelta
    self.after = after
    self.limit = limit
  }

  package static let name = "load_more_task_steps"
  package static let sql = """
    SELECT \(StepRow.columns), NULL::bytea, s.output, NULL::bytea
      FROM kagzi.steps s LEFT JOIN kagzi.open_runs o ON o.run_id = s.run_id
     WHERE s.run_id = $1 AND (NOT $2 OR \(LoadTaskSteps.isNew)) AND (s.scheduled_seq, s.step_key) > ($3, $4)
     ORDER BY s.scheduled_seq, s.step_key
     LIMIT $5
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(runID)
    parameters.bind(isDelta)
    parameters.bind(after.sequence)
    parameters.bind(after.key)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> StepRow { try StepRow(row) }
}
