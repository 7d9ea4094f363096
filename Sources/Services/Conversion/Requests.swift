internal import Engine
internal import GRPC
internal import Messages

/// Checks that several requests share.
extension Coordinator {
  /// The namespace a request names; empty means `default`. One that does not exist is refused.
  internal func namespace(_ name: String) throws(Status) -> String {
    let name = name.isEmpty ? "default" : name
    guard registry.isEnabled(namespace: name) != nil else { throw .notFound("namespace", name) }
    return name
  }

  /// The same, for new work: a disabled namespace is refused too.
  internal func enabledNamespace(_ name: String) throws(Status) -> String {
    let name = try namespace(name)
    guard registry.isEnabled(namespace: name) == true else { throw .namespaceDisabled(name) }
    return name
  }

  internal func name(
    _ value: String, _ field: String, limit: Int? = nil, default fallback: String? = nil
  ) throws(Status) -> String {
    if value.isEmpty, let fallback { return fallback }
    let limit = limit ?? limits.maxNameBytes
    guard !value.isEmpty else { throw .invalid(field, "must not be empty") }
    guard value.utf8.count <= limit else {
      throw .invalid(field, "has \(value.utf8.count) bytes: at most \(limit) are allowed")
    }
    return value
  }

  /// What makes a request that is repeated act once; empty means none.
  internal func requestID(_ value: String) throws(Status) -> String? {
    value.isEmpty ? nil : try name(value, "request_id", limit: limits.maxRequestIDBytes)
  }

  /// Free text for people; empty means `fallback`.
  internal func text(_ value: String, _ field: String, default fallback: String) throws(Status) -> String {
    guard value.utf8.count <= limits.maxTextBytes else {
      throw .invalid(field, "has \(value.utf8.count) bytes: at most \(limits.maxTextBytes) are allowed")
    }
    return value.isEmpty ? fallback : value
  }

  internal func check(_ payload: Payload?, _ field: String) throws(Status) {
    guard let size = payload?.data.count, size > limits.maxPayloadBytes else { return }
    throw .payloadTooLarge(field, limit: limits.maxPayloadBytes, size: size)
  }

  internal func runID(_ text: String) throws(Status) -> RunID {
    guard let id = RunID(text) else { throw .invalid("run_id", "'\(text)' is not a run id") }
    return id
  }

  internal func sessionID(_ text: String) throws(Status) -> SessionID {
    guard let id = SessionID(text) else { throw .invalid("session_id", "'\(text)' is not a session id") }
    return id
  }

  /// A positive duration, or nil when absent.
  internal func positive(_ duration: ProtoDuration?, _ field: String) throws(Status) -> Int64? {
    guard let duration else { return nil }
    guard duration.duration > .zero else { throw .invalid(field, "must be longer than zero") }
    return duration.milliseconds
  }
}
