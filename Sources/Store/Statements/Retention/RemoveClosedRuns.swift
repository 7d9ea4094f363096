package import Engine
package import Postgres

/// Removes closed runs of one namespace that are older than it keeps them, with all that belongs to them: one bounded batch.
///
/// Runs are looked through in the order of their ids, which is the order in which they were created: a run that is closed
/// for longer than the retention was created before that, so the search ends where ids are younger. What decides is when
/// the run closed, by the database's clock. No index on that time is needed, which every close would have to pay for.
///
/// A run stays while its parent is open, or while its end is still to be told to its parent. Open runs are not locked, and a
/// run that somebody is opening again is passed over.
package struct RemoveClosedRuns: PostgresStatement {
  package let namespace: String
  package let retentionMilliseconds: Int64
  /// Where the search goes on; the lowest id at first.
  package let after: RunID
  /// At most this many runs are looked at.
  package let maxRuns: Int
  /// Runs are removed until they had about so many steps together.
  package let maxSteps: Int

  package init(namespace: String, retentionMilliseconds: Int64, after: RunID, maxRuns: Int = 500, maxSteps: Int = 5_000)
  {
    self.namespace = namespace
    self.retentionMilliseconds = retentionMilliseconds
    self.after = after
    self.maxRuns = maxRuns
    self.maxSteps = maxSteps
  }

  package struct Row: Sendable {
    /// False: another coordinator removes runs now, and nothing was done.
    package var isOurTurn: Bool
    package var removed: Int
    /// Where the next batch goes on; nil: this was the last.
    package var next: RunID?
  }

  package static let name = "remove_closed_runs"
  package static let sql = """
    WITH RECURSIVE turn AS MATERIALIZED (
      SELECT pg_try_advisory_xact_lock(7523409118) AS is_ours, clock_timestamp() - $2 * interval '1 ms' AS horizon
    ),
    -- The lowest id that a run created at the horizon can have.
    bound AS MATERIALIZED (
      SELECT (lpad(to_hex(greatest(0, floor(extract(epoch FROM horizon) * 1000))::bigint), 12, '0') || repeat('0', 20))::uuid AS run_id
        FROM turn
    ),
    \(RunKinds.kinds),
    oldest AS MATERIALIZED (
      \(RunKinds.runs(
        "(SELECT is_ours FROM turn) AND run_id > $3 AND run_id < (SELECT run_id FROM bound)", order: "ASC", limit: "$4"))
    ),
    looked AS MATERIALIZED (
      SELECT r.run_id, r.closed_at, r.parent_run_id FROM oldest n JOIN kagzi.runs r ON r.run_id = n.run_id
    ),
    old AS MATERIALIZED (
      SELECT l.run_id, 1 + (SELECT count(*) FROM kagzi.steps s WHERE s.run_id = l.run_id) AS size
        FROM looked l
       WHERE l.closed_at < (SELECT horizon FROM turn)
         AND NOT EXISTS (SELECT FROM kagzi.open_runs o WHERE o.run_id = l.parent_run_id)
         AND NOT EXISTS (SELECT FROM kagzi.child_notices n WHERE n.run_id = l.run_id)
    ),
    chosen AS MATERIALIZED (
      SELECT run_id FROM (SELECT run_id, sum(size) OVER (ORDER BY run_id) - size AS before FROM old) o WHERE before < $5
    ),
    doomed AS MATERIALIZED (
      SELECT r.run_id FROM chosen c JOIN kagzi.runs r ON r.run_id = c.run_id
       WHERE r.closed_at < (SELECT horizon FROM turn)
       ORDER BY r.run_id FOR UPDATE OF r SKIP LOCKED
    ),
    attempt AS (DELETE FROM kagzi.step_attempts a USING doomed d WHERE a.run_id = d.run_id),
    parallel_group AS (DELETE FROM kagzi.groups g USING doomed d WHERE g.run_id = d.run_id),
    signal AS (DELETE FROM kagzi.signals s USING doomed d WHERE s.run_id = d.run_id),
    step AS (DELETE FROM kagzi.steps s USING doomed d WHERE s.run_id = d.run_id),
    run AS (DELETE FROM kagzi.runs r USING doomed d WHERE r.run_id = d.run_id)
    SELECT (SELECT is_ours FROM turn),
           (SELECT count(*) FROM doomed),
           CASE WHEN (SELECT count(*) FROM chosen) < (SELECT count(*) FROM old)
                  THEN (SELECT run_id FROM chosen ORDER BY run_id DESC LIMIT 1)
                WHEN (SELECT count(*) FROM looked) = $4 THEN (SELECT run_id FROM looked ORDER BY run_id DESC LIMIT 1) END
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(retentionMilliseconds)
    parameters.bind(after)
    parameters.bind(Int64(maxRuns))
    parameters.bind(Int64(maxSteps))
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(isOurTurn: try row.bool(0), removed: try row.int(1), next: try row.optionalID(2))
  }
}
