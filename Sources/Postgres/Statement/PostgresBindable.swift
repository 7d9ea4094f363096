/// A value that can be sent as a binary parameter, alone or as an element of an array.
///
/// An enum with a bindable raw value needs only the conformance itself; a 16-byte identifier says `.uuid` and appends its bytes.
@usableFromInline package protocol PostgresBindable {
  /// The server's type of the parameter.
  static var postgresType: PostgresType { get }
  /// Appends the value in the server's binary format, without a length.
  func encode(into buffer: inout PostgresBuffer)
}

extension PostgresBindable where Self: RawRepresentable, RawValue: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { RawValue.postgresType }
  @inlinable package func encode(into buffer: inout PostgresBuffer) { rawValue.encode(into: &buffer) }
}
