internal import CMessages

extension Arena {
  /// Copies text.
  @inline(__always)
  func place(_ text: String) -> ProtobufCBinaryData {
    let utf8 = text.utf8
    return utf8.withContiguousStorageIfAvailable { place($0) } ?? place(Array(utf8))
  }

  /// Copies bytes.
  @inline(__always)
  func place(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    bytes.withUnsafeBufferPointer { place($0) }
  }

  @inline(__always)
  private func place(_ bytes: UnsafeBufferPointer<UInt8>) -> ProtobufCBinaryData {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
    let copy = allocate(UInt8.self, count: bytes.count)
    copy.update(from: start, count: bytes.count)
    return ProtobufCBinaryData(len: bytes.count, data: copy)
  }

  /// The message's bytes, in this arena. `T` is a struct that protoc-c made: it begins with a `ProtobufCMessage`.
  @inline(__always)
  func packed<T>(_ message: UnsafeMutablePointer<T>) -> UnsafeRawBufferPointer {
    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    let bytes = allocate(UInt8.self, count: size)
    let written = protobuf_c_message_pack(base, bytes)
    precondition(written == size, "protobuf-c wrote \(written) bytes of \(size)")
    return UnsafeRawBufferPointer(start: bytes, count: size)
  }
}
