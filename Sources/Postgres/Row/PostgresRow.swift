internal import CLibpq

/// One row, read by column index from the binary format; it exists only inside the closure that decodes it.
///
/// Each accessor throws on NULL (use the `optional…` twin), on another type, and on a column that is not there.
@usableFromInline package struct PostgresRow: ~Copyable {
  private let result: OpaquePointer
  private let index: Int32

  internal init(result: OpaquePointer, index: Int32) {
    self.result = result
    self.index = index
  }

  @usableFromInline package var columnCount: Int { Int(PQnfields(result)) }

  /// Whether the column is NULL; a column that is not there is.
  @usableFromInline package func isNull(_ column: Int) -> Bool { PQgetisnull(result, index, Int32(column)) == 1 }

  /// The column's type by its object identifier; 0 when it is not there.
  @usableFromInline internal func type(of column: Int) -> UInt32 { PQftype(result, Int32(column)) }

  /// The column's bytes, valid while the row is; nil when NULL or not there.
  @usableFromInline internal func raw(_ column: Int) -> UnsafeRawBufferPointer? {
    guard !isNull(column), let start = PQgetvalue(result, index, Int32(column)) else { return nil }
    return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, index, Int32(column))))
  }

  /// Lends the column's bytes as they came, or nil for NULL.
  @inlinable package func withBytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer?) -> Value) -> Value {
    body(raw(column))
  }

  /// Reads any decodable type.
  @inlinable package func decode<Value: PostgresDecodable>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresDecodingError) -> Value {
    guard let value = try decodeOptional(column, as: type) else { throw .null(column: column) }
    return value
  }

  /// Reads any decodable type; nil for NULL.
  @inlinable package func decodeOptional<Value: PostgresDecodable>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresDecodingError) -> Value? {
    let found = self.type(of: column)
    guard Value.reads(found) else { throw .wrongType(column: column, found: found) }
    guard let bytes = raw(column) else { return nil }
    guard let value = Value(postgresBytes: bytes) else { throw .malformed(column: column) }
    return value
  }
}
