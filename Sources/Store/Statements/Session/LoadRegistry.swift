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
    /// The share of new work that the rollout sends to it.
    package var percent: Double
  }

  package static let name = "load_registry"
  package static let sql = """
    SELECT v.namespace, v.kind, v.type, v.version, t.default_version, v.deprecated, v.percent
      FROM kagzi.registered_versions v JOIN kagzi.registered_types t USING (namespace, kind, type)
    """

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      namespace: try row.string(0), kind: try row.int16(1), type: try row.string(2), version: try row.int32(3),
      defaultVersion: try row.int32(4), isDeprecated: try row.bool(5), percent: try row.double(6))
  }
}

/// Every namespace: whether it takes new work and how long it keeps closed runs.
package struct LoadNamespaces: PostgresStatement {
  package init() {}

  package struct Row: Sendable {
    package var name: String
    package var isEnabled: Bool
    package var retentionMilliseconds: Int64?
  }

  package static let name = "load_namespaces"
  package static let sql = "SELECT name, enabled, retention_ms FROM kagzi.namespaces"

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(name: try row.string(0), isEnabled: try row.bool(1), retentionMilliseconds: try row.optionalInt64(2))
  }
}
