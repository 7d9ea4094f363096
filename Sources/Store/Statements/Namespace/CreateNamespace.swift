package import Postgres

/// Creates a namespace. No row: there is one of this name already.
package struct CreateNamespace: PostgresStatement {
  package let namespace: String
  package let description: String
  package let retentionMilliseconds: Int64?

  package init(namespace: String, description: String, retentionMilliseconds: Int64?) {
    self.namespace = namespace
    self.description = description
    self.retentionMilliseconds = retentionMilliseconds
  }

  package static let name = "create_namespace"
  package static let sql = """
    INSERT INTO kagzi.namespaces (name, description, retention_ms) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO NOTHING
    RETURNING \(NamespaceRow.columns)
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(description)
    parameters.bind(retentionMilliseconds)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> NamespaceRow {
    try NamespaceRow(row)
  }
}
