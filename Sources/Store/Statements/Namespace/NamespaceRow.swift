package import Postgres

/// A namespace as the API shows it.
package struct NamespaceRow: Sendable {
  package var name: String
  package var description: String
  package var isEnabled: Bool
  package var retentionMilliseconds: Int64?
  package var createdAt: PostgresTimestamp

  internal static let columns = "name, description, enabled, retention_ms, created_at"

  internal init(_ row: borrowing PostgresRow) throws(PostgresDecodingError) {
    name = try row.string(0)
    description = try row.string(1)
    isEnabled = try row.bool(2)
    retentionMilliseconds = try row.optionalInt64(3)
    createdAt = try row.timestamp(4)
  }
}
