import Messages

extension WireMessage {
  /// The message's bytes.
  var wireBytes: [UInt8] {
    withWireBytes { Array($0) }
  }

  /// Decodes `bytes`.
  static func decoded(_ bytes: [UInt8]) throws(WireError) -> Self {
    var result: Result<Self, WireError>?
    bytes.withUnsafeBytes { buffer in
      do throws(WireError) {
        result = .success(try Self(wire: buffer))
      } catch {
        result = .failure(error)
      }
    }
    return try result!.get()
  }
}
