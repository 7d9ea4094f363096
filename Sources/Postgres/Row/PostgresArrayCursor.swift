/// Walks the elements of an array in binary format; every length is checked against what is there.
@usableFromInline internal struct PostgresArrayCursor {
  @usableFromInline internal private(set) var remaining: Int
  @usableFromInline internal let elementType: UInt32
  private let bytes: UnsafeRawBufferPointer
  private let column: Int
  private var offset: Int

  /// Nil when the head is malformed or the array has more than one dimension.
  @usableFromInline internal init?(bytes: UnsafeRawBufferPointer, column: Int) {
    guard bytes.count >= 12 else { return nil }
    let dimensions = Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
    elementType = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    self.bytes = bytes
    self.column = column
    if dimensions == 0 {
      remaining = 0
      offset = 12
      return
    }
    guard dimensions == 1, bytes.count >= 20 else { return nil }
    let count = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self)))
    guard count >= 0, count <= (bytes.count - 20) / 4 else { return nil }
    remaining = count
    offset = 20
  }

  /// The next element's bytes, or nil for NULL.
  @usableFromInline internal mutating func next() throws(PostgresDecodingError) -> UnsafeRawBufferPointer? {
    guard remaining > 0, offset + 4 <= bytes.count else { throw .malformed(column: column) }
    let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    offset += 4
    remaining -= 1
    guard length >= 0 else { return nil }
    guard offset + length <= bytes.count else { throw .malformed(column: column) }
    defer { offset += length }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
  }
}
