package import Postgres

/// Changes a namespace; what is nil stays. No row: there is none of this name.
package struct UpdateNamespace: PostgresStatement {
  package let namespace: String
  package var description: String?
  package var isEnabled: Bool?
  /// Zero: for ever.
  package var retentionMilliseconds: Int64?

  package init(namespace: String) { self.namespace = namespace }

  package static let name = "update_namespace"
  package static let sql = """
    UPDATE kagzi.namespaces SET
      description = coalesce($2, description),
      enabled = coalesce($3, enabled),
      retention_ms = CASE WHEN $4::bigint IS NULL THEN retention_ms ELSE nullif($4, 0) END
    WHERE name = $1
    RETURNING \(NamespaceRow.columns)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(description)
    parameters.bind(isEnabled)
    parameters.bind(retentionMilliseconds)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> NamespaceRow {
    try NamespaceRow(row)
  }
}
