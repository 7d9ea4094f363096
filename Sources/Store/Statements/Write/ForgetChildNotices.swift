internal import Engine
package import Postgres

/// Deletes notices of what is done with.
package struct ForgetChildNotices: PostgresStatement {
  package let notices: [ChildNotice]

  package static let name = "forget_child_notices"
  package static let sql = """
    DELETE FROM kagzi.child_notices n
     USING (SELECT * FROM unnest($1::uuid[], $2::smallint[]) AS i (run_id, kind) ORDER BY run_id, kind) i
     WHERE n.run_id = ANY (ARRAY[i.run_id]) AND n.kind = i.kind
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bindArray(notices) { $0.runID }
    parameters.bindArray(notices) { $0.kind.rawValue }
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {}
}
