internal import GRPC
internal import Messages
internal import Store

/// Failed calls: a canonical code and exactly one typed detail.
extension Status {
  internal init(_ code: StatusCode, _ message: String, detail: some WireMessage, named name: String) {
    let any = AnyMessage(typeURL: "type.googleapis.com/kagzi.v1.\(name)", value: detail.blob)
    self.init(code, message, details: RPCStatus(code: Int32(code.rawValue), message: message, details: [any]).blob)
  }

  internal static func invalid(_ field: String, _ reason: String) -> Status {
    Status(
      .invalidArgument, "\(field): \(reason)", detail: InvalidField(field: field, reason: reason), named: "InvalidField"
    )
  }

  internal static func runNotFound(namespace: String, runID: String, workflowID: String) -> Status {
    let asked = runID.isEmpty ? "workflow id '\(workflowID)'" : "run id '\(runID)'"
    return Status(
      .notFound, "namespace '\(namespace)' has no run with \(asked)",
      detail: RunNotFound(namespace: namespace, runID: runID, workflowID: workflowID), named: "RunNotFound")
  }

  internal static func notFound(_ kind: String, _ name: String) -> Status {
    Status(
      .notFound, "there is no \(kind) '\(name)'", detail: ResourceNotFound(kind: kind, name: name),
      named: "ResourceNotFound")
  }

  internal static func alreadyStarted(_ workflowID: String, runID: String) -> Status {
    Status(
      .alreadyExists, "workflow id '\(workflowID)' is taken by run \(runID)", detail: AlreadyStarted(runID: runID),
      named: "AlreadyStarted")
  }

  internal static func runClosed(_ runID: String, status: String) -> Status {
    Status(
      .failedPrecondition, "run \(runID) is closed as \(status)", detail: RunClosed(runID: runID, status: status),
      named: "RunClosed")
  }

  internal static func versionNotRegistered(_ type: String, _ version: UInt32) -> Status {
    Status(
      .failedPrecondition, "version \(version) of '\(type)' was never registered: start a worker that registers it",
      detail: VersionNotRegistered(type: type, version: version), named: "VersionNotRegistered")
  }

  internal static func versionDeprecated(_ type: String, _ version: UInt32) -> Status {
    Status(
      .failedPrecondition,
      "version \(version) of '\(type)' is deprecated and takes no new work: name another version, or none for the default",
      detail: VersionDeprecated(type: type, version: version), named: "VersionDeprecated")
  }

  internal static func resourceExists(_ kind: String, _ name: String) -> Status {
    Status(
      .alreadyExists, "there is a \(kind) '\(name)' already", detail: ResourceExists(kind: kind, name: name),
      named: "ResourceExists")
  }

  internal static func leaseLost(runID: String, step: String, takenBy: String) -> Status {
    Status(
      .failedPrecondition, "the lease is lost: \(takenBy)",
      detail: LeaseLost(runID: runID, step: step, takenBy: takenBy), named: "LeaseLost")
  }

  internal static func sessionLost(_ sessionID: String, _ reason: String) -> Status {
    Status(
      .failedPrecondition, "session \(sessionID) is lost (\(reason)): register again",
      detail: SessionLost(sessionID: sessionID, reason: reason), named: "SessionLost")
  }

  internal static func namespaceDisabled(_ namespace: String) -> Status {
    Status(
      .failedPrecondition, "namespace '\(namespace)' is disabled and takes no new work",
      detail: NamespaceDisabled(namespace: namespace), named: "NamespaceDisabled")
  }

  internal static func payloadTooLarge(_ field: String, limit: Int, size: Int) -> Status {
    Status(
      .resourceExhausted, "\(field) has \(size) bytes: at most \(limit) are allowed",
      detail: PayloadTooLarge(field: field, limit: UInt64(limit), size: UInt64(size)), named: "PayloadTooLarge")
  }

  internal static let queueFull = Status(
    .resourceExhausted, "too much is waiting to be written: try again in a second",
    detail: QueueFull(retryAfter: ProtoDuration(milliseconds: 1_000)), named: "QueueFull")

  internal static func tooManySignals(_ runID: String, limit: Int32) -> Status {
    Status(
      .resourceExhausted, "run \(runID) holds \(limit) signals that no step has taken: signal it again when it has",
      detail: QueueFull(retryAfter: ProtoDuration(milliseconds: 1_000)), named: "QueueFull")
  }

  internal static func unavailable(_ reason: String) -> Status {
    Status(.unavailable, reason, detail: StorageUnavailable(reason: reason), named: "StorageUnavailable")
  }

  /// The store's errors as calls see them.
  internal init(_ error: StoreError) {
    switch error {
    case .queueFull: self = .queueFull
    case .unavailable(let reason): self = .unavailable("the database cannot be reached: \(reason)")
    case .conflict(let reason): self = .unavailable("the database was too busy: \(reason)")
    case .fateUnknown(let reason):
      self = .unavailable("it is not known whether this took effect; ask again with the same request id: \(reason)")
    case .constraint(let name): self = Status(.failedPrecondition, "the rule '\(name)' forbids it")
    case .invalidData(let reason): self = Status(.invalidArgument, "the data cannot be stored: \(reason)")
    case .internal(let reason): self = Status(.internal, reason)
    }
  }
}
