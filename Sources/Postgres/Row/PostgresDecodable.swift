/// A value that can be read from a binary column or array element.
@usableFromInline package protocol PostgresDecodable {
  /// Whether a column of this type can be read so.
  static func reads(_ oid: UInt32) -> Bool
  /// Reads the value's binary format; nil when it is malformed.
  init?(postgresBytes bytes: UnsafeRawBufferPointer)
}

extension PostgresDecodable where Self: PostgresBindable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool { oid == postgresType.oid }
}

/// An enum with a decodable raw value needs only the conformance itself; an unknown raw value is malformed.
extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool { RawValue.reads(oid) }
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard let rawValue = RawValue(postgresBytes: bytes) else { return nil }
    self.init(rawValue: rawValue)
  }
}

extension PostgresDecodable where Self: RawRepresentable & PostgresBindable, RawValue: PostgresDecodable {
  @inlinable package static func reads(_ oid: UInt32) -> Bool { RawValue.reads(oid) }
}
