extension Bool: PostgresDecodable {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 1 else { return nil }
    self = bytes[0] != 0
  }
}

/// Reads a big-endian integer of two, four or eight bytes.
@inlinable internal func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  switch bytes.count {
  case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
  case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
  case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
  default: nil
  }
}

extension Int16: PostgresDecodable {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard let value = integer(bytes) else { return nil }
    self.init(exactly: value)
  }
}

extension Int32: PostgresDecodable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool {
    oid == PostgresType.int4.oid || oid == PostgresType.int2.oid
  }
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard let value = integer(bytes) else { return nil }
    self.init(exactly: value)
  }
}

extension Int64: PostgresDecodable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool {
    oid == PostgresType.int8.oid || oid == PostgresType.int4.oid || oid == PostgresType.int2.oid
  }
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard let value = integer(bytes) else { return nil }
    self = value
  }
}

extension Int: PostgresDecodable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool { Int64.reads(oid) }
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard let value = integer(bytes) else { return nil }
    self.init(exactly: value)
  }
}

extension Double: PostgresDecodable {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 8 else { return nil }
    self.init(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
  }
}

extension String: PostgresDecodable {
  /// `text`, `varchar`, `bpchar`, `name`; enum types and `unknown` literals have other identifiers and want a cast to text.
  @inlinable package static func reads(_ oid: UInt32) -> Bool { oid == 25 || oid == 1043 || oid == 1042 || oid == 19 }
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    self.init(decoding: bytes, as: UTF8.self)
  }
}

extension Array: PostgresDecodable where Element == UInt8 {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) { self.init(bytes) }
}
