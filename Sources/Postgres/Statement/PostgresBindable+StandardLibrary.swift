extension Bool: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .bool }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: UInt8(self ? 1 : 0)) }
}

extension Int16: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .int2 }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

extension Int32: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .int4 }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

extension Int64: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .int8 }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

/// Sent as `bigint`, like `Int64`.
extension Int: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .int8 }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: Int64(self)) }
}

extension Double: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .float8 }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: bitPattern) }
}

/// Sent as `text`. A NUL character in it is refused by the server (SQLSTATE 22021, the caller's fault).
extension String: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .text }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { buffer.append(utf8: self) }
}

/// Sent as one `bytea`. An array of other elements is bound with `bindArray`.
extension Array: PostgresBindable where Element == UInt8 {
  @inlinable package static var postgresType: PostgresType { .bytea }
  @inlinable package func encode(into buffer: inout PostgresBuffer) {
    withUnsafeBytes { buffer.append(bytes: $0) }
  }
}

extension ArraySlice: PostgresBindable where Element == UInt8 {
  @inlinable package static var postgresType: PostgresType { .bytea }
  @inlinable package func encode(into buffer: inout PostgresBuffer) {
    withUnsafeBytes { buffer.append(bytes: $0) }
  }
}
