/// Walks the frame headers of a byte stream (RFC 9113, section 4.1) and says what each frame costs its sender.
///
/// Independent of the library, which silently skips some of the frames that floods are made of. Malformed streams are
/// the library's to refuse: here they only cost points.
package struct FrameMeter: Sendable {
  private var skip: Int
  private var header: [UInt8] = []

  /// `prefaceLength` bytes come before the first frame: 24 from a client, none from a server.
  package init(prefaceLength: Int) {
    skip = prefaceLength
    header.reserveCapacity(9)
  }

  /// Calls `strike` with the weight of each frame that has one.
  package mutating func observe(_ bytes: UnsafeRawBufferPointer, strike: (Int) -> Void) {
    var offset = 0
    while offset < bytes.count {
      if skip > 0 {
        let step = min(skip, bytes.count - offset)
        skip -= step
        offset += step
      } else if header.isEmpty, bytes.count - offset >= 9 {
        observeHeader(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 9]), strike: strike)
        offset += 9
      } else {
        header.append(bytes[offset])
        offset += 1
        if header.count == 9 {
          let whole = header
          header.removeAll(keepingCapacity: true)
          whole.withUnsafeBytes { observeHeader($0, strike: strike) }
        }
      }
    }
  }

  private mutating func observeHeader(_ header: UnsafeRawBufferPointer, strike: (Int) -> Void) {
    let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
    skip = length
    if let weight = Self.weight(length: length, type: header[3], flags: header[4]) { strike(weight) }
  }

  private static func weight(length: Int, type: UInt8, flags: UInt8) -> Int? {
    let isEndOfStreamOrAcknowledgement = flags & 0x1 != 0
    switch type {
    case 0x0: return length == 0 && !isEndOfStreamOrAcknowledgement ? StrikeWeight.emptyData : nil
    case 0x1, 0x5, 0x7: return nil
    case 0x3: return StrikeWeight.reset
    case 0x4: return isEndOfStreamOrAcknowledgement ? nil : StrikeWeight.settings
    case 0x6: return isEndOfStreamOrAcknowledgement ? nil : StrikeWeight.ping
    case 0x8: return StrikeWeight.windowUpdate
    case 0x9: return StrikeWeight.continuation
    default: return StrikeWeight.ignoredFrame
    }
  }
}
