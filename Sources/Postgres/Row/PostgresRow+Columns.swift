extension PostgresRow {
  @usableFromInline package func bool(_ column: Int) throws(PostgresDecodingError) -> Bool { try decode(column) }
  @usableFromInline package func optionalBool(_ column: Int) throws(PostgresDecodingError) -> Bool? {
    try decodeOptional(column)
  }

  @usableFromInline package func int16(_ column: Int) throws(PostgresDecodingError) -> Int16 { try decode(column) }
  @usableFromInline package func optionalInt16(_ column: Int) throws(PostgresDecodingError) -> Int16? {
    try decodeOptional(column)
  }

  /// Reads `smallint` and `integer`.
  @usableFromInline package func int32(_ column: Int) throws(PostgresDecodingError) -> Int32 { try decode(column) }
  @usableFromInline package func optionalInt32(_ column: Int) throws(PostgresDecodingError) -> Int32? {
    try decodeOptional(column)
  }

  /// Reads `smallint`, `integer` and `bigint`.
  @usableFromInline package func int64(_ column: Int) throws(PostgresDecodingError) -> Int64 { try decode(column) }
  @usableFromInline package func optionalInt64(_ column: Int) throws(PostgresDecodingError) -> Int64? {
    try decodeOptional(column)
  }

  /// Reads `smallint`, `integer` and `bigint`.
  @usableFromInline package func int(_ column: Int) throws(PostgresDecodingError) -> Int { try decode(column) }
  @usableFromInline package func optionalInt(_ column: Int) throws(PostgresDecodingError) -> Int? {
    try decodeOptional(column)
  }

  @usableFromInline package func double(_ column: Int) throws(PostgresDecodingError) -> Double { try decode(column) }
  @usableFromInline package func optionalDouble(_ column: Int) throws(PostgresDecodingError) -> Double? {
    try decodeOptional(column)
  }

  /// Reads `text`, `varchar`, `bpchar` and `name`.
  @usableFromInline package func string(_ column: Int) throws(PostgresDecodingError) -> String { try decode(column) }
  @usableFromInline package func optionalString(_ column: Int) throws(PostgresDecodingError) -> String? {
    try decodeOptional(column)
  }

  @usableFromInline package func bytes(_ column: Int) throws(PostgresDecodingError) -> [UInt8] { try decode(column) }
  @usableFromInline package func optionalBytes(_ column: Int) throws(PostgresDecodingError) -> [UInt8]? {
    try decodeOptional(column)
  }

  @usableFromInline package func timestamp(_ column: Int) throws(PostgresDecodingError) -> PostgresTimestamp {
    try decode(column)
  }
  @usableFromInline package func optionalTimestamp(_ column: Int) throws(PostgresDecodingError) -> PostgresTimestamp? {
    try decodeOptional(column)
  }

  /// A UUID as its first and last eight bytes, read as big-endian integers.
  @usableFromInline package func uuid(_ column: Int) throws(PostgresDecodingError) -> (high: UInt64, low: UInt64) {
    guard let uuid = try optionalUUID(column) else { throw .null(column: column) }
    return uuid
  }

  @usableFromInline package func optionalUUID(
    _ column: Int
  ) throws(PostgresDecodingError) -> (high: UInt64, low: UInt64)? {
    let found = type(of: column)
    guard found == PostgresType.uuid.oid else { throw .wrongType(column: column, found: found) }
    guard let bytes = raw(column) else { return nil }
    guard bytes.count == 16 else { throw .malformed(column: column) }
    return (
      UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    )
  }
}
