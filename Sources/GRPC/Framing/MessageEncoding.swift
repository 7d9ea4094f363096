/// How the messages of one direction are compressed.
enum MessageEncoding: Sendable {
  case identity
  case gzip

  /// Nil for an encoding that is not known here.
  init?(header value: UnsafeRawBufferPointer) {
    if equals(value, "identity") {
      self = .identity
    } else if equals(value, "gzip") {
      self = .gzip
    } else {
      return nil
    }
  }

  /// Smaller messages are sent as they are: compressing them only costs.
  private static let smallestWorthCompressing = 512

  /// Bytes before a message: the flag and the length.
  static let prefixSize = 5

  /// Appends prefix and message.
  func appendFrame(of message: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    if self == .gzip, message.count >= Self.smallestWorthCompressing, let packed = Gzip.compress(message) {
      packed.withUnsafeBytes { Self.append($0, flag: 1, to: &output) }
    } else {
      Self.append(message, flag: 0, to: &output)
    }
  }

  private static func append(_ bytes: UnsafeRawBufferPointer, flag: UInt8, to output: inout [UInt8]) {
    let needed = output.count + bytes.count + prefixSize
    if output.capacity < needed { output.reserveCapacity(max(needed, 2 * output.capacity)) }
    let length = UInt32(bytes.count)
    output.append(flag)
    output.append(UInt8(truncatingIfNeeded: length >> 24))
    output.append(UInt8(truncatingIfNeeded: length >> 16))
    output.append(UInt8(truncatingIfNeeded: length >> 8))
    output.append(UInt8(truncatingIfNeeded: length))
    output.append(contentsOf: bytes)
  }

  /// Appends to the uncompressed message that begins at `frame` and ends at the end: encodings of one message type that
  /// stand one after the other are the encoding of the messages merged.
  static func merge(_ bytes: UnsafeRawBufferPointer, intoFrameAt frame: Int, of output: inout [UInt8]) {
    output.append(contentsOf: bytes)
    let length = UInt32(output.count - frame - prefixSize)
    for index in 0..<4 { output[frame + 1 + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
  }

  /// Calls `body` with the plain bytes of a received message.
  ///
  /// Throws INTERNAL for a compressed message without an encoding or with broken data, RESOURCE_EXHAUSTED for one
  /// whose plain size is over `maxMessage`.
  func withPlainBytes(
    of message: MessageDeframer.Message, maxMessage: Int,
    _ body: (UnsafeRawBufferPointer) throws(Status) -> Void
  ) throws(Status) {
    guard message.isCompressed else { return try body(message.bytes) }
    guard self == .gzip else { throw Status(.internal, "a compressed message came without grpc-encoding") }
    let plain = try Gzip.decompress(message.bytes, limit: maxMessage)
    try plain.withUnsafeBufferPointer { (bytes) throws(Status) in try body(UnsafeRawBufferPointer(bytes)) }
  }
}
