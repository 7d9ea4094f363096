internal import Engine
package import Postgres

/// Records signals of open runs, in the order given. A row comes back for each of an open run.
///
/// Who takes them is decided by `MatchSignalsMany` in the same transaction: a later statement sees what others committed
/// before this one got the run's lock.
package struct SignalRunsMany: PostgresStatement {
  package let signals: [SignalRun]

  package struct Row: Sendable {
    package var position: Int
    package var verdict: Signalled.Verdict
  }

  package static let name = "signal_runs_many"
  package static let sql = """
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::integer[]) WITH ORDINALITY
          AS i (run_id, name, payload, request_id, most, position)
    ),
    run AS MATERIALIZED (
      SELECT r.run_id, r.signals_received, r.signals_untaken
        FROM (SELECT DISTINCT run_id FROM input) i JOIN kagzi.open_runs r ON r.run_id = ANY (ARRAY[i.run_id])
       ORDER BY i.run_id FOR NO KEY UPDATE OF r
    ),
    looked AS (
      SELECT i.*, r.signals_received, r.signals_untaken,
             EXISTS (SELECT FROM kagzi.signals g WHERE g.run_id = ANY (ARRAY[i.run_id]) AND g.request_id = i.request_id) AS is_seen
        FROM input i FULL JOIN run r ON r.run_id = i.run_id
       WHERE num_nulls(i.run_id, r.run_id) = 0
    ),
    numbered AS MATERIALIZED (
      SELECT l.*, row_number() OVER (PARTITION BY run_id, is_seen ORDER BY position) AS place FROM looked l
    ),
    recorded AS (
      INSERT INTO kagzi.signals (run_id, seq, name, payload, request_id, received_at)
      SELECT n.run_id, n.signals_received + n.place, n.name, n.payload, n.request_id, statement_timestamp()
        FROM numbered n
       WHERE NOT n.is_seen AND n.signals_untaken + n.place <= n.most
       ORDER BY n.run_id, n.place
      ON CONFLICT DO NOTHING
      RETURNING run_id, seq
    ),
    counted AS (
      UPDATE kagzi.open_runs r SET signals_received = c.last, signals_untaken = r.signals_untaken + c.number
        FROM (SELECT run_id, max(seq) AS last, count(*) AS number FROM recorded GROUP BY run_id) c
       WHERE r.run_id = ANY (ARRAY[c.run_id])
    )
    SELECT position, CASE WHEN is_seen THEN 1 WHEN signals_untaken + place > most THEN 2 ELSE 0 END FROM numbered
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(signals) { $0.runID }
    parameters.bindArray(signals) { $0.signal.name }
    parameters.bindOptionalArray(signals) { $0.signal.payload }
    parameters.bindOptionalArray(signals) { $0.signal.requestID }
    parameters.bindArray(signals) { $0.limit }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    guard let verdict = Signalled.Verdict(rawValue: try row.int32(1)) else { throw .malformed(column: 1) }
    return Row(position: try row.int(0) - 1, verdict: verdict)
  }
}
