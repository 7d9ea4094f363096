extension PostgresRow {
  /// Reads a one-dimensional array without NULL elements; throws when the column or an element is NULL.
  @inlinable package func array<Element: PostgresDecodable>(
    _ column: Int, of type: Element.Type = Element.self
  ) throws(PostgresDecodingError) -> [Element] {
    var cursor = try arrayCursor(column, reads: Element.reads)
    var elements: [Element] = []
    elements.reserveCapacity(cursor.remaining)
    while cursor.remaining > 0 {
      guard let bytes = try cursor.next() else { throw .null(column: column) }
      guard let element = Element(postgresBytes: bytes) else { throw .malformed(column: column) }
      elements.append(element)
    }
    return elements
  }

  /// Reads a one-dimensional array whose elements may be NULL; throws when the column itself is NULL.
  @inlinable package func arrayOfOptionals<Element: PostgresDecodable>(
    _ column: Int, of type: Element.Type = Element.self
  ) throws(PostgresDecodingError) -> [Element?] {
    var cursor = try arrayCursor(column, reads: Element.reads)
    var elements: [Element?] = []
    elements.reserveCapacity(cursor.remaining)
    while cursor.remaining > 0 {
      guard let bytes = try cursor.next() else {
        elements.append(nil)
        continue
      }
      guard let element = Element(postgresBytes: bytes) else { throw .malformed(column: column) }
      elements.append(element)
    }
    return elements
  }

  @usableFromInline internal func arrayCursor(
    _ column: Int, reads: (UInt32) -> Bool
  ) throws(PostgresDecodingError) -> PostgresArrayCursor {
    guard let bytes = raw(column) else { throw .null(column: column) }
    guard let cursor = PostgresArrayCursor(bytes: bytes, column: column) else { throw .malformed(column: column) }
    guard cursor.remaining == 0 || reads(cursor.elementType) else {
      throw .wrongType(column: column, found: cursor.elementType)
    }
    return cursor
  }
}
