internal import FoundationEssentials
internal import Messages

/// Turns values into payloads and back: JSON for what is `Codable`, the bytes themselves for `[UInt8]` and `Data`.
///
/// Dates are RFC 3339 text, so that workers in other languages read them.
enum PayloadCoding {
  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
    return encoder
  }()

  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      if let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text) { return date }
      return try Date.ISO8601FormatStyle().parse(text)
    }
    return decoder
  }()

  /// The absence of a value.
  static let null = Payload(encoding: "null")

  static func encode<Value: Encodable>(_ value: Value) throws -> Payload {
    if Value.self == NoValue.self { return null }
    if Value.self == [UInt8].self, let bytes = value as? [UInt8] { return Payload(data: bytes, encoding: "bytes") }
    if Value.self == Data.self, let data = value as? Data { return Payload(data: [UInt8](data), encoding: "bytes") }
    if Value.self == RawPayload.self, let raw = value as? RawPayload { return raw.payload }
    do {
      return Payload(data: [UInt8](try encoder.encode(value)), encoding: "json")
    } catch {
      throw StepError(
        .invalidInput, "A value of type \(Value.self) cannot be encoded as JSON: \(error)", source: "Kagzi")
    }
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload?) throws -> Value {
    let payload = payload ?? null
    if Value.self == NoValue.self, let value = NoValue() as? Value { return value }
    if Value.self == RawPayload.self, let value = RawPayload(payload) as? Value { return value }
    if Value.self == [UInt8].self, payload.encoding != "json", let value = payload.data as? Value { return value }
    if Value.self == Data.self, payload.encoding != "json", let value = Data(payload.data) as? Value { return value }
    do {
      let data = payload.encoding == "null" ? Data("null".utf8) : Data(payload.data)
      return try decoder.decode(type, from: data)
    } catch {
      throw StepError(
        .invalidInput, "A payload of encoding \"\(payload.encoding)\" cannot be read as \(Value.self): \(error)",
        source: "Kagzi")
    }
  }
}
