/// The input or output of what has none; "null" on the wire.
struct NoValue: Codable, Sendable, Hashable {
  init() {}

  init(from decoder: any Decoder) throws {}

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encodeNil()
  }
}
