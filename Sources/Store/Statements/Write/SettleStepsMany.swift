internal import Engine
package import Postgres

/// Settles steps that are no group's members and wakes their runs. A row comes back for each whose guard held, by its place in the input.
///
/// Several steps of one run may settle in one statement: the run is woken once, and its sequence counts them. Common
/// table expressions are joined by FULL JOIN, as `PostgresConfiguration.forBatches` says.
package struct SettleStepsMany: PostgresStatement {
  package let settles: [SettleStep]

  package struct Row: Sendable {
    package var position: Int
    package var wake: Wake
  }

  /// Of the run `r` as it was: nobody works on it, and nothing else has called for somebody.
  private static let isWoken = "NOT r.leased AND r.status <> 5 AND r.ready_at IS NULL AND r.resume_at IS NULL"
  /// And a worker is there to take it at once.
  private static let isHandedOut = "\(isWoken) AND c.reserved IS NOT NULL"

  package static let name = "settle_steps_many"
  /// One step a run.
  package static let sql = statement(
    counted: """
      counted AS (SELECT run_id, 1 AS settled, reserved, position AS winner FROM held)
      """,
    placed: """
      placed AS MATERIALIZED (
        SELECT h.*, coalesce(r.seq, 0) + 1 AS settled_seq FROM held h FULL JOIN woken r ON r.run_id = h.run_id
      )
      """)
  /// Several steps of a run.
  private static let several = PostgresStatementText(
    name: "settle_steps_many_of_a_run",
    sql: statement(
      counted: """
        counted AS (
          SELECT run_id, count(*) AS settled, (array_agg(reserved) FILTER (WHERE reserved IS NOT NULL))[1] AS reserved,
                 (array_agg(position) FILTER (WHERE reserved IS NOT NULL))[1] AS winner
            FROM held GROUP BY run_id ORDER BY run_id
        )
        """,
      placed: """
        placed AS MATERIALIZED (
          SELECT h.*, coalesce(r.seq, 0) + row_number() OVER (PARTITION BY h.run_id ORDER BY h.step_key) AS settled_seq
            FROM held h FULL JOIN woken r ON r.run_id = h.run_id
        )
        """))

  package var text: PostgresStatementText {
    let isOneEach = Set(settles.map(\.runID)).count == settles.count
    return isOneEach ? PostgresStatementText(name: Self.name, sql: Self.sql) : Self.several
  }

  private static func statement(counted: String, placed: String) -> String {
    """
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::smallint[], $6::bytea[], $7::bytea[], $8::uuid[], $9::uuid[])
        WITH ORDINALITY AS i (run_id, step_key, from_state, epoch, state, output, failure, reserved, child_run_id, position)
    ),
    held AS MATERIALIZED (
      SELECT i.run_id, i.step_key, i.state, i.output, i.failure, i.reserved, i.position
        FROM input i JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.run_id]) AND s.step_key = i.step_key
       WHERE s.state = i.from_state
         AND CASE WHEN i.child_run_id IS NOT NULL THEN s.child_run_id = i.child_run_id
               WHEN i.epoch IS NULL THEN s.due_at <= statement_timestamp() ELSE s.lease_epoch = i.epoch END
       ORDER BY i.run_id, i.step_key FOR NO KEY UPDATE OF s
    ),
    \(counted),
    woken AS (
      UPDATE kagzi.open_runs r SET
        seq = r.seq + c.settled,
        news = NOT (\(isWoken)),
        status = CASE WHEN \(isWoken) THEN 2 ELSE r.status END,
        leased = r.leased OR (\(isHandedOut)),
        ready_at = CASE WHEN \(isWoken) AND c.reserved IS NULL THEN statement_timestamp() ELSE r.ready_at END,
        lease_epoch = r.lease_epoch + CASE WHEN \(isHandedOut) THEN 1 ELSE 0 END,
        lease_seq = CASE WHEN \(isHandedOut) THEN r.seq + c.settled ELSE r.lease_seq END,
        leased_at = CASE WHEN \(isHandedOut) THEN statement_timestamp() ELSE r.leased_at END,
        session_id = CASE WHEN \(isHandedOut) THEN c.reserved ELSE r.session_id END,
        sticky = CASE WHEN \(isHandedOut) THEN r.sticky AND r.session_id = c.reserved ELSE r.sticky END
      FROM counted c
      WHERE r.run_id = ANY (ARRAY[c.run_id])
      RETURNING r.run_id, r.seq - c.settled AS seq, r.lease_epoch, r.sticky, NOT r.news AS wakes, c.reserved, c.winner,
                c.settled = 1 AND r.quiet_seq <= r.delivered_seq AS is_alone
    ),
    \(placed),
    settled AS (
      UPDATE kagzi.steps s SET
        state = h.state, output = h.output, failure = h.failure, settled_at = statement_timestamp(),
        settled_seq = h.settled_seq, settled_by = s.session_id, session_id = NULL, ready_at = NULL, due_at = NULL, deadline_at = NULL
      FROM placed h
      WHERE s.run_id = ANY (ARRAY[h.run_id]) AND s.step_key = h.step_key
    )
    SELECT h.position,
           CASE WHEN w.run_id IS NULL OR NOT w.wakes THEN 0 WHEN w.reserved IS NULL THEN 1
                WHEN h.position = w.winner THEN 2 ELSE 0 END,
           w.lease_epoch, coalesce(w.sticky, false), w.is_alone
      FROM held h FULL JOIN woken w ON w.run_id = h.run_id
    """
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(settles) { $0.runID }
    parameters.bindArray(settles) { $0.stepKey }
    parameters.bindArray(settles) { $0.guard.state.rawValue }
    parameters.bindOptionalArray(settles) { $0.guard.epoch }
    parameters.bindArray(settles) { $0.state.rawValue }
    parameters.bindOptionalArray(settles) { $0.output }
    parameters.bindOptionalArray(settles) { $0.failure }
    parameters.bindOptionalArray(settles) { $0.reservedSession }
    parameters.bindOptionalArray(settles) { $0.guard.child }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let position = try row.int(0) - 1
    switch try row.int32(1) {
    case 1: return Row(position: position, wake: .ready)
    case 2:
      return Row(
        position: position,
        wake: .leased(epoch: try row.int32(2), isDelta: try row.bool(3), isAlone: try row.bool(4)))
    default: return Row(position: position, wake: .none)
    }
  }
}

extension SettleStep.Guard {
  internal var state: StepState {
    switch self {
    case .held: .running
    case .due(let state): state
    case .child: .waiting
    }
  }

  internal var epoch: Int32? {
    switch self {
    case .held(let epoch): epoch
    case .due, .child: nil
    }
  }

  /// The child that the step waits for.
  internal var child: RunID? {
    if case .child(let first, _) = self { first } else { nil }
  }

  /// What is done with once the step is settled, or was settled before.
  internal var notice: ChildNotice? {
    if case .child(_, let ended) = self { ChildNotice(runID: ended, kind: .ended) } else { nil }
  }
}
