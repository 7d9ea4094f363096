/// An instant as the server's `timestamptz`, in microseconds since 1970-01-01 00:00:00 UTC.
///
/// `distantPast` and `distantFuture` are the server's `-infinity` and `infinity`.
@usableFromInline package struct PostgresTimestamp: Sendable, Hashable, Comparable {
  /// Microseconds since the Unix epoch.
  @usableFromInline package let microseconds: Int64

  @inlinable package init(microseconds: Int64) { self.microseconds = microseconds }

  @usableFromInline package static let distantPast = PostgresTimestamp(microseconds: .min)
  @usableFromInline package static let distantFuture = PostgresTimestamp(microseconds: .max)

  /// 2000-01-01, the server's epoch, in microseconds since the Unix epoch.
  @usableFromInline internal static let serverEpoch: Int64 = 946_684_800_000_000

  @inlinable package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microseconds < right.microseconds
  }
}

extension PostgresTimestamp: PostgresBindable {
  @inlinable package static var postgresType: PostgresType { .timestamptz }

  /// Instants too early for the server's 64 bits become `-infinity`.
  @inlinable package func encode(into buffer: inout PostgresBuffer) {
    guard microseconds != .max else { return buffer.append(integer: Int64.max) }
    let (value, overflow) = microseconds.subtractingReportingOverflow(PostgresTimestamp.serverEpoch)
    buffer.append(integer: overflow ? Int64.min : value)
  }
}

extension PostgresTimestamp: PostgresDecodable {
  @inlinable package init?(postgresBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 8 else { return nil }
    let value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    guard value != .min, value != .max else {
      self.init(microseconds: value)
      return
    }
    let (shifted, overflow) = value.addingReportingOverflow(PostgresTimestamp.serverEpoch)
    self.init(microseconds: overflow ? .max : shifted)
  }
}
