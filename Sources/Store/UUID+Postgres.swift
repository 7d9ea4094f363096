package import Engine
package import Postgres

extension UUID: PostgresBindable {
  package static var postgresType: PostgresType { .uuid }
  package func encode(into buffer: inout PostgresBuffer) { buffer.append(uuidHigh: high, low: low) }
}

extension PostgresRow {
  package func id(_ column: Int) throws(PostgresDecodingError) -> UUID {
    let value = try uuid(column)
    return UUID(high: value.high, low: value.low)
  }

  package func optionalID(_ column: Int) throws(PostgresDecodingError) -> UUID? {
    guard let value = try optionalUUID(column) else { return nil }
    return UUID(high: value.high, low: value.low)
  }
}
