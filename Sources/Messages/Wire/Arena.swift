internal import CMessages

/// The memory of one message while it crosses between Swift and protobuf-c.
///
/// Owned by whoever took it, on one thread and without suspension, until `giveBack()`. No pointer into it may be used
/// after that.
struct Arena {
  private let raw: UnsafeMutablePointer<kagzi_arena>

  /// What decoding one message may allocate beyond the message's own size.
  ///
  /// protobuf-c and the Swift values both take more memory than the wire: two bytes can become a whole empty message.
  /// This is the limit of that amplification.
  static let decodingAllowance = 64 * 1024 * 1024

  /// An arena to decode `count` bytes in.
  @inline(__always)
  static func forDecoding(_ count: Int) -> Arena {
    Arena(raw: kagzi_arena_take(decodingAllowance + count))
  }

  /// An arena to build C structs in; it has no limit, because the Swift value is there already.
  @inline(__always)
  static func forEncoding() -> Arena {
    Arena(raw: kagzi_arena_take(.max))
  }

  @inline(__always)
  func giveBack() {
    kagzi_arena_give_back(raw)
  }

  /// For protobuf-c, which allocates everything of a message through it.
  @inline(__always)
  var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
    UnsafeMutableRawPointer(raw).assumingMemoryBound(to: ProtobufCAllocator.self)
  }

  /// Uninitialised room for `count` values; only for an arena without a limit.
  @inline(__always)
  func allocate<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    kagzi_arena_allocate(raw, count * MemoryLayout<T>.stride)!.assumingMemoryBound(to: T.self)
  }

  /// Takes an array of Swift values that is about to be made off the decoding budget.
  @inline(__always)
  func charge<T>(_ count: Int, _ type: T.Type, _ field: StaticString) throws(WireError) {
    guard count == 0 || kagzi_arena_charge(raw, count * MemoryLayout<T>.stride) else { throw overBudget(field) }
  }

  /// Why protobuf-c refused the bytes of a `message`.
  func decodingError(_ message: StaticString) -> WireError {
    raw.pointee.is_exhausted
      ? overBudget(message) : WireError(message: "\(message): the bytes are not a valid protobuf message")
  }

  private func overBudget(_ element: StaticString) -> WireError {
    WireError(message: "\(element): decoding would take more than \(Self.decodingAllowance >> 20) MiB of memory")
  }
}
