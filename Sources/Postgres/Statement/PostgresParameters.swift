/// The parameters of one statement, in order ($1 first), written straight into one growing buffer.
///
/// A statement binds the same types in the same order each time: they are fixed when it is first prepared on a connection.
@usableFromInline package struct PostgresParameters: ~Copyable {
  @usableFromInline internal var buffer = PostgresBuffer()
  @usableFromInline internal var types: [UInt32] = []
  @usableFromInline internal var offsets: [Int] = []
  /// Bytes of each value; -1 is NULL.
  @usableFromInline internal var lengths: [Int32] = []

  internal init() {}

  /// Parameters bound so far.
  @inlinable package var count: Int { types.count }

  /// Binds one value.
  @inlinable package mutating func bind<Value: PostgresBindable>(_ value: Value) {
    let offset = begin(Value.postgresType.oid)
    value.encode(into: &buffer)
    end(offset)
  }

  /// Binds one value, or NULL.
  @inlinable package mutating func bind<Value: PostgresBindable>(_ value: Value?) {
    guard let value else {
      _ = begin(Value.postgresType.oid)
      lengths.append(-1)
      return
    }
    bind(value)
  }

  /// Binds a one-dimensional array, as `unnest($n)` takes it.
  @inlinable package mutating func bindArray<Elements: Collection>(_ elements: Elements)
  where Elements.Element: PostgresBindable {
    bindArray(elements) { $0 }
  }

  /// Binds an array of one value of each element: `bindArray(runs) { $0.workflowID }`; nothing is allocated for it.
  @inlinable package mutating func bindArray<Elements: Collection, Value: PostgresBindable>(
    _ elements: Elements, _ value: (Elements.Element) -> Value
  ) {
    let offset = beginArray(Value.postgresType, count: elements.count)
    for element in elements { append(element: value(element)) }
    end(offset)
  }

  /// Binds an array whose elements may be NULL; see the next.
  @inlinable package mutating func bindOptionalArray<Elements: Collection, Value: PostgresBindable>(
    _ elements: Elements
  ) where Elements.Element == Value? {
    bindOptionalArray(elements) { $0 }
  }

  /// Binds an array of one value, or NULL, of each element.
  ///
  /// If all are NULL, so is the array: `unnest` with other arrays beside it makes the same of it, and nobody has to read it.
  @inlinable package mutating func bindOptionalArray<Elements: Collection, Value: PostgresBindable>(
    _ elements: Elements, _ value: (Elements.Element) -> Value?
  ) {
    let offset = beginArray(Value.postgresType, count: elements.count)
    var isEmpty = true
    for element in elements {
      if let value = value(element) {
        append(element: value)
        isEmpty = false
      } else {
        buffer.append(integer: Int32(-1))
      }
    }
    guard isEmpty else { return end(offset) }
    buffer.rewind(to: offset)
    lengths.append(-1)
  }

  @inlinable internal mutating func begin(_ type: UInt32) -> Int {
    types.append(type)
    offsets.append(buffer.count)
    return buffer.count
  }

  @inlinable internal mutating func end(_ offset: Int) { lengths.append(Int32(buffer.count - offset)) }

  /// Writes an array's head: dimensions (none when empty), may hold NULLs, element type, length, lower bound.
  @inlinable internal mutating func beginArray(_ type: PostgresType, count: Int) -> Int {
    let offset = begin(type.arrayOID)
    buffer.append(integer: Int32(count == 0 ? 0 : 1))
    buffer.append(integer: Int32(1))
    buffer.append(integer: type.oid)
    if count > 0 {
      buffer.append(integer: Int32(count))
      buffer.append(integer: Int32(1))
    }
    return offset
  }

  @inlinable internal mutating func append<Value: PostgresBindable>(element: Value) {
    let start = buffer.count
    buffer.append(integer: Int32(0))
    element.encode(into: &buffer)
    buffer.patch(Int32(buffer.count - start - 4), at: start)
  }

  internal mutating func reset() {
    buffer.reset(keeping: PostgresLimits.keptParameterBytes)
    types.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }
}
