/// The input or output of what has none; "null" on the wire. It is also what a group's member without a value gives.
public struct NoValue: Codable, Sendable, Hashable {
  public init() {}

  public init(from decoder: any Decoder) throws {}

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encodeNil()
  }
}
