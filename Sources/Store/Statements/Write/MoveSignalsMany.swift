internal import Engine
package import Postgres

/// Moves the signals that no step has taken to the run that goes on. After `ContinueRunsMany`, in its transaction: only then
/// is it certain that no more of them come to the old run. Nothing happens for a run that did not continue.
package struct MoveSignalsMany: PostgresStatement {
  package let continuations: [ContinueRun]

  package static let name = "move_signals_many"
  package static let sql = """
    UPDATE kagzi.signals g SET run_id = i.next_run_id
      FROM unnest($1::uuid[], $2::uuid[]) AS i (run_id, next_run_id)
      JOIN kagzi.runs n ON n.run_id = ANY (ARRAY[i.next_run_id])
     CROSS JOIN LATERAL (
       SELECT u.run_id, u.seq FROM kagzi.signals u WHERE u.run_id = i.run_id AND u.taken_by IS NULL OFFSET 0) u
     WHERE g.run_id = ANY (ARRAY[u.run_id]) AND g.seq = u.seq
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(continuations) { $0.close.runID }
    parameters.bindArray(continuations) { $0.nextRunID }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}
