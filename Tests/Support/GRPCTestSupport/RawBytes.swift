package import Messages

/// A message that is its own bytes. Bytes that begin with 0xFF are "malformed", so that decoding can fail.
package struct RawBytes: WireMessage, Equatable {
  package var bytes: [UInt8]

  package init() { bytes = [] }

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package init(_ text: String) { bytes = Array(text.utf8) }

  package init(wire: UnsafeRawBufferPointer) throws(WireError) {
    if wire.first == 0xFF { throw WireError(message: "the first byte is 0xFF") }
    bytes = Array(wire)
  }

  package func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes(body)
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }
}
