/// A growing byte buffer in network byte order, reused from statement to statement so that binding allocates nothing per value.
///
/// It owns its memory and frees it when it ends.
@usableFromInline package struct PostgresBuffer: ~Copyable {
  @usableFromInline internal var storage: UnsafeMutableRawPointer
  @usableFromInline internal var capacity: Int
  @usableFromInline internal var written: Int

  @usableFromInline package init(capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    storage = .allocate(byteCount: self.capacity, alignment: 8)
    written = 0
  }

  deinit { storage.deallocate() }

  /// Bytes written since the last reset.
  @inlinable package var count: Int { written }

  /// Appends a fixed-width integer, most significant byte first.
  @inlinable package mutating func append<Value: FixedWidthInteger>(integer value: Value) {
    let width = MemoryLayout<Value>.size
    reserve(width)
    storage.storeBytes(of: value.bigEndian, toByteOffset: written, as: Value.self)
    written += width
  }

  /// Appends bytes as they are.
  @inlinable package mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    storage.advanced(by: written).copyMemory(from: source, byteCount: bytes.count)
    written += bytes.count
  }

  /// Appends the text's UTF-8 bytes.
  @inlinable package mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// Appends a UUID given as its first and last eight bytes, read as big-endian integers.
  @inlinable package mutating func append(uuidHigh high: UInt64, low: UInt64) {
    append(integer: high)
    append(integer: low)
  }

  /// Overwrites four bytes written before: a length known only after its value.
  @inlinable internal mutating func patch(_ value: Int32, at offset: Int) {
    precondition(offset >= 0 && offset + 4 <= written, "patched bytes were written before")
    storage.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
  }

  /// Takes back what was written from an offset on.
  @inlinable internal mutating func rewind(to offset: Int) {
    precondition(offset >= 0 && offset <= written, "rewound to where something was written")
    written = offset
  }

  @inlinable internal mutating func reserve(_ additional: Int) {
    if written + additional > capacity { grow(toFit: written + additional) }
  }

  @usableFromInline internal mutating func grow(toFit needed: Int) {
    var grown = capacity
    while grown < needed { grown *= 2 }
    let replacement = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 8)
    replacement.copyMemory(from: storage, byteCount: written)
    storage.deallocate()
    storage = replacement
    capacity = grown
  }

  /// Empties the buffer; memory beyond `limit` bytes is given back, so that one large statement does not pin memory for good.
  internal mutating func reset(keeping limit: Int) {
    written = 0
    guard capacity > limit else { return }
    storage.deallocate()
    capacity = limit
    storage = .allocate(byteCount: capacity, alignment: 8)
  }

  internal func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: storage, count: written))
  }
}
