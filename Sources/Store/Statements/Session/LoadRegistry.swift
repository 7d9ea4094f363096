package import Postgres

/// Every registered version, with its type's default.
package struct LoadRegistry: PostgresStatement {
  package init() {}

  package struct Row: Sendable {
    package var namespace: String
    /// 1 workflow, 2 activity.
    package var kind: Int16
    package var type: String
    package var version: Int32
    package var defaultVersion: Int32
    package var isDeprecated: Bool
  }

  package static let name = "load_registry"
  package static let sql = """
    SELECT v.namespace, v.kind, v.type, v.version, t.default_version, v.deprecated
      FROM kagzi.registered_versions v JOIN kagzi.registered_types t USING (namespace, kind, type)
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      namespace: try row.string(0), kind: try row.int16(1), type: try row.string(2), version: try row.int32(3),
      defaultVersion: try row.int32(4), isDeprecated: try row.bool(5))
  }
}

/// Every namespace and whether it takes new work.
package struct LoadNamespaces: PostgresStatement {
  package init() {}

  package static let name = "load_namespaces"
  package static let sql = "SELECT name, enabled FROM kagzi.namespaces"

  package static func decode(
    _ row: borrowing PostgresRow
  ) throws(PostgresDecodingError) -> (name: String, isEnabled: Bool) {
    (try row.string(0), try row.bool(1))
  }
}
