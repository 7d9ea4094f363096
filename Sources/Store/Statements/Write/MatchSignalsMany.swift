package import Engine
package import Postgres

/// Hands untaken signals to the steps that wait for them, oldest to oldest by name, and wakes the runs. A row comes back for
/// each run in which a step got its signal.
///
/// It runs after the statement that recorded a signal or a waiting step, in the same transaction. Both lock the run, so of
/// two transactions that do so the second finds here what the first committed: neither can miss the other. A step that
/// another transaction has locked is timing out at this moment and is left to that.
///
/// What the update sets of a run that wakes rests on the row that was locked alone: Postgres checks the table's rules on the row of
/// the statement's snapshot first, which another transaction may have replaced.
///
/// Steps and signals are looked up name by name: a plan that was made on empty tables would else read all that wait anywhere.
package struct MatchSignalsMany: PostgresStatement {
  /// A name under which a run may have a signal for a step, and a session with a slot for the run's next task: the same
  /// for all names of a run.
  package struct Entry: Sendable {
    package var runID: RunID
    package var name: String
    package var reservedSession: SessionID?
  }

  package let entries: [Entry]

  package struct Row: Sendable {
    package var runID: RunID
    package var wake: Wake
  }

  package static let name = "match_signals_many"
  package static let sql = """
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS i (run_id, name, reserved)
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.seq, r.signals_untaken, i.reserved,
             NOT r.leased AND r.status <> 5 AND r.ready_at IS NULL AND r.resume_at IS NULL AS wakes
        FROM (SELECT DISTINCT run_id, reserved FROM input) i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       WHERE r.signals_untaken > 0
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    wanted AS (
      SELECT i.run_id, i.name, r.signals_untaken AS most FROM input i FULL JOIN run r ON r.run_id = i.run_id
       WHERE num_nulls(i.run_id, r.run_id) = 0
    ),
    waiting AS MATERIALIZED (
      SELECT s.* FROM wanted w CROSS JOIN LATERAL (
        SELECT s.run_id, s.step_key, s.signal_name, s.scheduled_seq
          FROM kagzi.steps s
         WHERE s.signal_name = w.name AND s.run_id = w.run_id AND s.kind = 5 AND s.state = 3
         ORDER BY s.scheduled_seq, s.step_key
         LIMIT w.most
           FOR NO KEY UPDATE OF s SKIP LOCKED) s
    ),
    asking AS (
      SELECT w.*, row_number() OVER (PARTITION BY run_id, signal_name ORDER BY scheduled_seq, step_key) AS place FROM waiting w
    ),
    offered AS (
      SELECT g.run_id, g.name, g.seq, g.payload, row_number() OVER (PARTITION BY g.run_id, g.name ORDER BY g.seq) AS place
        FROM (SELECT run_id, signal_name, count(*) AS number FROM waiting GROUP BY run_id, signal_name) w
       CROSS JOIN LATERAL (
         SELECT u.run_id, u.name, u.seq, u.payload FROM kagzi.signals u
          WHERE u.run_id = w.run_id AND u.name = w.signal_name AND u.taken_by IS NULL
          ORDER BY u.seq LIMIT w.number) g
    ),
    matched AS MATERIALIZED (
      SELECT a.run_id, a.step_key, o.seq AS signal_seq, o.payload,
             row_number() OVER (PARTITION BY a.run_id ORDER BY o.seq) AS place
        FROM asking a FULL JOIN offered o ON o.run_id = a.run_id AND o.name = a.signal_name AND o.place = a.place
       WHERE num_nulls(a.run_id, o.run_id) = 0
    ),
    counted AS (
      SELECT c.settled, r.* FROM (SELECT run_id, count(*) AS settled FROM matched GROUP BY run_id) c
        FULL JOIN run r ON r.run_id = c.run_id
       WHERE num_nulls(c.run_id, r.run_id) = 0
    ),
    taken AS (
      UPDATE kagzi.signals g SET taken_by = m.step_key, payload = NULL
        FROM matched m WHERE g.run_id = ANY (ARRAY[m.run_id]) AND g.seq = m.signal_seq
    ),
    placed AS MATERIALIZED (
      SELECT m.*, coalesce(r.seq, 0) + m.place AS settled_seq FROM matched m FULL JOIN run r ON r.run_id = m.run_id
    ),
    settled AS (
      UPDATE kagzi.steps s SET
        state = 5, output = p.payload, settled_seq = p.settled_seq, settled_at = statement_timestamp(), due_at = NULL
      FROM placed p WHERE s.run_id = ANY (ARRAY[p.run_id]) AND s.step_key = p.step_key
    ),
    woken AS (
      UPDATE kagzi.open_runs r SET
        seq = w.seq + w.settled,
        signals_untaken = w.signals_untaken - w.settled,
        news = NOT w.wakes,
        status = CASE WHEN w.wakes THEN 2 ELSE r.status END,
        leased = CASE WHEN w.wakes THEN w.reserved IS NOT NULL ELSE r.leased END,
        ready_at = CASE WHEN NOT w.wakes THEN r.ready_at WHEN w.reserved IS NULL THEN statement_timestamp() END,
        lease_epoch = r.lease_epoch + CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN 1 ELSE 0 END,
        lease_seq = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN w.seq + w.settled ELSE r.lease_seq END,
        leased_at = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN statement_timestamp() ELSE r.leased_at END,
        session_id = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN w.reserved ELSE r.session_id END,
        sticky = CASE WHEN w.wakes AND w.reserved IS NOT NULL THEN r.sticky AND r.session_id = w.reserved ELSE r.sticky END
      FROM counted w
      WHERE r.run_id = ANY (ARRAY[w.run_id])
      RETURNING r.run_id, r.lease_epoch, r.sticky, w.wakes, w.reserved
    )
    SELECT run_id, CASE WHEN NOT wakes THEN 0 WHEN reserved IS NULL THEN 1 ELSE 2 END, lease_epoch, coalesce(sticky, false)
      FROM woken
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(entries) { $0.runID }
    parameters.bindArray(entries) { $0.name }
    parameters.bindOptionalArray(entries) { $0.reservedSession }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    let runID = try row.id(0)
    switch try row.int32(1) {
    case 1: return Row(runID: runID, wake: .ready)
    case 2:
      return Row(runID: runID, wake: .leased(epoch: try row.int32(2), isDelta: try row.bool(3), isAlone: false))
    default: return Row(runID: runID, wake: .none)
    }
  }
}
