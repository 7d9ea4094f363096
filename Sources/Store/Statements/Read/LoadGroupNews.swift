package import Engine
package import Postgres

/// Groups that were resolved since the workflow task of their run was handed out, of tasks that have not ended and of whose runs
/// something settled elsewhere meanwhile.
package struct LoadGroupNews: LookupStatement {
  package let tasks: [TaskToken]

  package init(tasks: [TaskToken]) { self.tasks = tasks }

  package struct Row: Sendable {
    package var task: TaskToken
    package var group: GroupRow
  }

  package static let name = "load_group_news"
  package static let sql = """
    SELECT \(GroupRow.columns), g.run_id, o.session_id, o.lease_epoch
      FROM unnest($1::uuid[], $2::integer[]) AS t (run_id, epoch)
      JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[t.run_id])
      JOIN kagzi.groups g ON g.run_id = ANY (ARRAY[t.run_id])
     WHERE o.leased AND o.lease_epoch = t.epoch AND o.news AND g.resolved_seq > o.lease_seq
     ORDER BY t.run_id, g.resolved_seq, g.opened_seq
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(tasks) { $0.runID }
    parameters.bindArray(tasks) { $0.epoch }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      task: TaskToken(runID: try row.id(6), sessionID: try row.id(7), epoch: try row.int32(8), step: nil),
      group: try GroupRow(row))
  }
}

/// Members of resolved groups that settled elsewhere since the workflow task of their run was handed out: of each run up to a
/// size and one more, so that it is seen that there are more, in the order in which a task carries steps.
package struct LoadMemberNews: LookupStatement {
  package let groups: [(runID: RunID, key: String)]
  package let maxBytes: Int

  package init(groups: [(runID: RunID, key: String)], maxBytes: Int) {
    self.groups = groups
    self.maxBytes = maxBytes
  }

  package static let name = "load_member_news"
  package static let sql = """
    WITH sized AS (
      SELECT s.run_id, s.step_key, s.scheduled_seq,
             sum(octet_length(s.step_key) + coalesce(octet_length(s.output), 0) + coalesce(octet_length(s.failure), 0) + 32)
               OVER (PARTITION BY t.run_id ORDER BY s.scheduled_seq, s.step_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
             row_number() OVER (PARTITION BY t.run_id ORDER BY s.scheduled_seq, s.step_key) AS place
        FROM unnest($1::uuid[], $2::text[]) AS t (run_id, group_key)
        JOIN kagzi.open_runs o ON o.run_id = ANY (ARRAY[t.run_id])
        JOIN kagzi.steps s ON s.group_key = t.group_key AND s.run_id = ANY (ARRAY[t.run_id]) AND s.state >= 5
       WHERE s.kind <> 1 AND s.settled_seq > o.lease_seq
    )
    SELECT \(StepRow.columns), NULL::bytea, s.output, NULL::bytea, s.run_id
      FROM sized z JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[z.run_id]) AND s.step_key = z.step_key
     WHERE coalesce(z.before, 0) <= $3 OR z.place = 2
     ORDER BY z.run_id, z.scheduled_seq, z.step_key
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(groups) { $0.runID }
    parameters.bindArray(groups) { $0.key }
    parameters.bind(maxBytes)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> LoadTaskSteps.Row {
    LoadTaskSteps.Row(runID: try row.id(21), step: try StepRow(row), retryDelayMilliseconds: nil)
  }
}
