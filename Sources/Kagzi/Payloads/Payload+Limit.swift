internal import Messages

extension Payload {
  /// The payload, unless it is larger than the coordinator takes: then a `StepError` that says so.
  func checked(limit: Int) throws -> Payload {
    guard data.count <= limit else {
      throw StepError(
        .invalidInput,
        "A payload of \(data.count) bytes is over the limit of \(limit). Keep large data elsewhere and pass its name.",
        source: "Kagzi", code: "PAYLOAD_TOO_LARGE")
    }
    return self
  }
}
