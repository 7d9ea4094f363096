package import Postgres

/// Registered versions of the types of a kind, a page of types by name: one row a version, lowest first.
package struct ListTypes: PostgresStatement {
  package let namespace: String
  package let kind: Int16
  /// This type only.
  package let type: String?
  /// Types behind this one.
  package let after: String
  /// At most this many types.
  package let limit: Int

  package init(namespace: String, kind: Int16, type: String? = nil, after: String = "", limit: Int) {
    self.namespace = namespace
    self.kind = kind
    self.type = type
    self.after = after
    self.limit = limit
  }

  package struct Row: Sendable {
    package var type: String
    package var defaultVersion: Int32
    package var version: Int32
    package var isDeprecated: Bool
    package var percent: Double
    package var firstRegisteredAt: PostgresTimestamp
    package var lastRegisteredAt: PostgresTimestamp
  }

  package static let name = "list_types"
  package static let sql = """
    WITH type AS MATERIALIZED (
      SELECT namespace, kind, type, default_version FROM kagzi.registered_types
       WHERE namespace = $1 AND kind = $2 AND ($3::text IS NULL OR type = $3) AND type > $4
       ORDER BY type LIMIT $5
    )
    SELECT t.type, t.default_version, v.version, v.deprecated, v.percent, v.first_registered_at, v.last_registered_at
      FROM type t JOIN kagzi.registered_versions v
        ON v.namespace = t.namespace AND v.kind = t.kind AND v.type = t.type
     ORDER BY t.type, v.version
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(kind)
    parameters.bind(type)
    parameters.bind(after)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> Row {
    Row(
      type: try row.string(0), defaultVersion: try row.int32(1), version: try row.int32(2),
      isDeprecated: try row.bool(3), percent: try row.double(4), firstRegisteredAt: try row.timestamp(5),
      lastRegisteredAt: try row.timestamp(6))
  }
}
