package import Postgres

/// A type of a namespace: a workflow type (kind 1) or an activity type (kind 2).
package struct TypeName: Sendable, Hashable {
  package var namespace: String
  package var kind: Int16
  package var type: String

  package init(namespace: String, kind: Int16, type: String) {
    self.namespace = namespace
    self.kind = kind
    self.type = type
  }

  internal func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(kind)
    parameters.bind(type)
  }

  /// Locks the type's row, so that changes of its versions come one after the other. From $1 to $3.
  internal static let locked = """
    type AS MATERIALIZED (
      SELECT namespace, kind, type, default_version FROM kagzi.registered_types
       WHERE namespace = $1 AND kind = $2 AND type = $3 FOR UPDATE
    )
    """
}

/// Makes a version the default, if it is registered and not deprecated. A row comes back if it is registered: whether it
/// is deprecated, which leaves the default as it is.
package struct SetDefaultVersion: PostgresStatement {
  package let type: TypeName
  package let version: Int32

  package init(type: TypeName, version: Int32) {
    self.type = type
    self.version = version
  }

  package static let name = "set_default_version"
  package static let sql = """
    WITH \(TypeName.locked),
    version AS MATERIALIZED (
      SELECT v.namespace, v.kind, v.type, v.version, v.deprecated
        FROM type t JOIN kagzi.registered_versions v
          ON v.namespace = t.namespace AND v.kind = t.kind AND v.type = t.type AND v.version = $4
         FOR UPDATE OF v
    ),
    changed AS (
      UPDATE kagzi.registered_types t SET default_version = v.version
        FROM version v WHERE t.namespace = v.namespace AND t.kind = v.kind AND t.type = v.type AND NOT v.deprecated
    )
    SELECT deprecated FROM version
    """

  package func bind(_ parameters: inout PostgresParameters) {
    type.bind(&parameters)
    parameters.bind(version)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Bool { try row.bool(0) }
}
