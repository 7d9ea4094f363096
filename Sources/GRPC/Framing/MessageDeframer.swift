/// Cuts a byte stream into length-prefixed gRPC messages. A value without I/O.
///
/// Memory follows what arrived, never a declared length. A message that came whole is handed out in place.
struct MessageDeframer {
  /// One message as it was on the wire, valid only while it is delivered.
  struct Message {
    var isCompressed: Bool
    var bytes: UnsafeRawBufferPointer
  }

  /// The message that these bytes are; nil if they are less or more than one, or not well-formed: `receive` says what is wrong.
  static func whole(_ bytes: UnsafeRawBufferPointer, maxMessage: Int) -> Message? {
    guard bytes.count >= 5, bytes[0] <= 1 else { return nil }
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    guard length <= maxMessage, bytes.count - 5 == length else { return nil }
    return Message(isCompressed: bytes[0] == 1, bytes: UnsafeRawBufferPointer(rebasing: bytes[5...]))
  }

  private let maxMessage: Int
  private var buffer: [UInt8] = []

  init(maxMessage: Int) {
    self.maxMessage = maxMessage
  }

  /// Bytes held back: the beginning of a message, or messages not asked for yet.
  var bufferedBytes: Int { buffer.count }

  /// Takes bytes in and delivers each whole message, until `deliver` returns false; the rest is kept.
  ///
  /// Throws RESOURCE_EXHAUSTED for a message over the limit as soon as its prefix is there, INTERNAL for a bad prefix,
  /// and whatever `deliver` throws.
  mutating func receive(
    _ bytes: UnsafeRawBufferPointer, deliver: (Message) throws(Status) -> Bool
  ) throws(Status) {
    if buffer.isEmpty {
      let used = try parse(bytes, deliver)
      if used < bytes.count { buffer.append(contentsOf: bytes[used...]) }
    } else {
      buffer.append(contentsOf: bytes)
      // The buffer is moved out so that `deliver` may look at this value.
      var whole: [UInt8] = []
      swap(&whole, &buffer)
      let used = try whole.withUnsafeBufferPointer { (all) throws(Status) in
        try parse(UnsafeRawBufferPointer(all), deliver)
      }
      if used > 0 { whole.removeSubrange(0..<used) }
      buffer = whole
    }
  }

  private func parse(
    _ bytes: UnsafeRawBufferPointer, _ deliver: (Message) throws(Status) -> Bool
  ) throws(Status) -> Int {
    var offset = 0
    while bytes.count - offset >= 5 {
      let flag = bytes[offset]
      guard flag <= 1 else { throw Status(.internal, "the message prefix has the unknown flag \(flag)") }
      let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self)))
      guard length <= maxMessage else {
        throw Status(.resourceExhausted, "the message has \(length) bytes; the limit is \(maxMessage)")
      }
      let start = offset + 5
      guard bytes.count - start >= length else { break }
      offset = start + length
      let body = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
      if try !deliver(Message(isCompressed: flag == 1, bytes: body)) { break }
    }
    return offset
  }
}
