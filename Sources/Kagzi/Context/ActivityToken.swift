/// The right to complete an activity that was handed away. Opaque; keep it as safe as what it can complete.
public struct ActivityToken: Sendable, Hashable, Codable {
  /// The token itself.
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }
}
