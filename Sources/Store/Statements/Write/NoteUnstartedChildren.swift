package import Engine
package import Postgres

/// Notes which children of recorded steps were not started, so that their steps are settled with the reason: by this
/// coordinator at once, or by whoever finds the notice. A row comes back for each. After the statement that starts children,
/// in its transaction.
package struct NoteUnstartedChildren: PostgresStatement {
  package let children: [(parentRunID: RunID, child: NewChild)]

  package static let name = "note_unstarted_children"
  package static let sql = """
    INSERT INTO kagzi.child_notices (run_id, kind, parent_run_id, parent_step, failure, created_at)
    SELECT i.run_id, 1, i.parent_run_id, i.parent_step, i.failure, clock_timestamp()
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[]) AS i (run_id, parent_run_id, parent_step, failure)
      JOIN kagzi.steps s ON s.run_id = ANY (ARRAY[i.parent_run_id]) AND s.step_key = i.parent_step
     WHERE s.child_run_id = i.run_id AND s.state = 3 AND NOT EXISTS (SELECT FROM kagzi.runs r WHERE r.run_id = ANY (ARRAY[i.run_id]))
    ON CONFLICT DO NOTHING
    RETURNING run_id
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(children) { $0.child.childRunID }
    parameters.bindArray(children) { $0.parentRunID }
    parameters.bindArray(children) { $0.child.stepKey }
    parameters.bindArray(children) { $0.child.failure }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> RunID { try row.id(0) }
}
