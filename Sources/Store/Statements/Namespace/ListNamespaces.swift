package import Postgres

/// A page of namespaces by name.
package struct ListNamespaces: PostgresStatement {
  /// This one only.
  package let namespace: String?
  package let after: String
  package let limit: Int

  package init(namespace: String? = nil, after: String = "", limit: Int) {
    self.namespace = namespace
    self.after = after
    self.limit = limit
  }

  package static let name = "list_namespaces"
  package static let sql = """
    SELECT \(NamespaceRow.columns) FROM kagzi.namespaces
     WHERE ($1::text IS NULL OR name = $1) AND name > $2
     ORDER BY name LIMIT $3
    """

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.bind(namespace)
    parameters.bind(after)
    parameters.bind(limit)
  }

  package static func decode(_ row: borrowing PostgresRow) throws(PostgresDecodingError) -> NamespaceRow {
    try NamespaceRow(row)
  }
}
