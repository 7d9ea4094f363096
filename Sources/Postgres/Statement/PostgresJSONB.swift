/// JSON text sent and read as `jsonb`. The server validates it (SQLSTATE 22P02, the caller's fault).
@usableFromInline package struct PostgresJSONB: Sendable, Hashable {
  @usableFromInline package let text: String

  @inlinable package init(_ text: String) { self.text = text }
}

extension PostgresJSONB: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .jsonb }
  @inlinable package func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: UInt8(1))  // the version of jsonb's binary format
    buffer.append(utf8: text)
  }
}

extension PostgresJSONB: PostgresDecodable {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.first == 1 else { return nil }
    self.init(String(decoding: bytes.dropFirst(), as: UTF8.self))
  }
}
