package import Postgres

/// Deprecates a version, which also ends its share of the rollout, or takes that back. A row comes back if the version is
/// registered: whether it is the type's default, which cannot be deprecated and stays as it is.
package struct DeprecateVersion: PostgresStatement {
  package let type: TypeName
  package let version: Int32
  package let isUndone: Bool

  package init(type: TypeName, version: Int32, isUndone: Bool) {
    self.type = type
    self.version = version
    self.isUndone = isUndone
  }

  package static let name = "deprecate_version"
  package static let sql = """
    WITH \(TypeName.locked),
    version AS MATERIALIZED (
      SELECT v.namespace, v.kind, v.type, v.version, t.default_version = v.version AS is_default
        FROM type t JOIN kagzi.registered_versions v
          ON v.namespace = t.namespace AND v.kind = t.kind AND v.type = t.type AND v.version = $4
         FOR UPDATE OF v
    ),
    changed AS (
      UPDATE kagzi.registered_versions r SET
        deprecated = NOT $5, percent = CASE WHEN $5 THEN r.percent ELSE 0 END
      FROM version v
      WHERE r.namespace = v.namespace AND r.kind = v.kind AND r.type = v.type AND r.version = v.version
        AND ($5 OR NOT v.is_default)
    )
    SELECT is_default FROM version
    """

  package func bind(_ parameters: inout PostgresParameters) {
    type.bind(&parameters)
    parameters.bind(version)
    parameters.bind(isUndone)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { try row.bool(0) }
}
