internal import Messages

/// Messages as the store keeps them: their wire bytes.
extension WireMessage {
  internal var blob: [UInt8] { withWireBytes { Array($0) } }

  /// Reads what `blob` wrote. Nil for nothing, or for bytes that no coordinator wrote.
  internal init?(blob: [UInt8]?) {
    guard let blob else { return nil }
    let message = blob.withUnsafeBytes { bytes in try? Self(wire: bytes) }
    guard let message else { return nil }
    self = message
  }
}
