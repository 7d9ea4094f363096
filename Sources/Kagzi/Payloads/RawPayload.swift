internal import Messages

/// Bytes with the name of their encoding, as the coordinator keeps them.
///
/// Wherever an input or an output is typed, this type takes or gives the bytes as they are.
public struct RawPayload: Sendable, Hashable, Codable {
  /// The data itself.
  public var data: [UInt8]
  /// How to read it: "json", "bytes", "null", "protobuf" or any name that both ends know.
  public var encoding: String
  /// Free-form facts about the data.
  public var metadata: [String: String]

  public init(data: [UInt8], encoding: String = "bytes", metadata: [String: String] = [:]) {
    self.data = data
    self.encoding = encoding
    self.metadata = metadata
  }

  /// Reads the bytes as a value. Throws `StepError` of kind `invalidInput` if they are not one.
  public func decode<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try PayloadCoding.decode(type, from: payload)
  }

  /// The bytes of a value.
  public static func encode(_ value: some Encodable) throws -> RawPayload {
    RawPayload(try PayloadCoding.encode(value))
  }

  init(_ payload: Payload) {
    self.init(data: payload.data, encoding: payload.encoding, metadata: payload.metadata)
  }

  var payload: Payload {
    Payload(data: data, encoding: encoding, metadata: metadata)
  }
}
