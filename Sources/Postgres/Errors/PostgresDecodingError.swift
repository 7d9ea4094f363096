/// A column that is not what the statement's decoder expects: our bug, never the caller's.
@usableFromInline package enum PostgresDecodingError: Error, Sendable, Hashable {
  /// NULL, or no such column, where a value is needed.
  case null(column: Int)
  /// The server's type, by object identifier, is not one that the decoder reads.
  case wrongType(column: Int, found: UInt32)
  /// The bytes are not a value of the type.
  case malformed(column: Int)
}
