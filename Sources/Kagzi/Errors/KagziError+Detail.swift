internal import GRPC
internal import Messages

extension KagziError {
  /// Exactly what is wrong with a call.
  public enum Detail: Sendable, Hashable {
    /// A field of the request cannot be used.
    case invalidField(field: String, reason: String)
    /// There is no such run.
    case runNotFound(runID: String, workflowID: String)
    /// There is no such thing; `kind` says what was looked for.
    case resourceNotFound(kind: String, name: String)
    /// There is a thing of this name already; `kind` says what.
    case resourceExists(kind: String, name: String)
    /// This run holds the workflow id.
    case alreadyStarted(runID: String)
    /// The run is closed, so there is nothing to act on; `status` is how it ended.
    case runClosed(runID: String, status: String)
    /// The run is open, or did not end as this action needs.
    case runNotClosed(runID: String, status: String)
    /// No worker ever registered this version.
    case versionNotRegistered(type: String, version: Int)
    /// This version takes no new work.
    case versionDeprecated(type: String, version: Int)
    /// The namespace takes no new work.
    case namespaceDisabled(String)
    /// A payload is over the limit, in bytes; nothing was written.
    case payloadTooLarge(field: String, limit: Int, size: Int)
    /// A queue of the coordinator is full; `retryAfter` says when a try is worth it.
    case queueFull(retryAfter: Duration)
    /// The token no longer proves that its holder has the task; `takenBy` says who or what took it.
    case leaseLost(runID: String, step: String, takenBy: String)
  }
}

extension KagziError.Detail {
  /// The typed detail of a status, if it carries one that is known here.
  init?(_ status: Status) {
    if let detail: InvalidField = status.detail() {
      self = .invalidField(field: detail.field, reason: detail.reason)
    } else if let detail: RunNotFound = status.detail() {
      self = .runNotFound(runID: detail.runID, workflowID: detail.workflowID)
    } else if let detail: ResourceNotFound = status.detail() {
      self = .resourceNotFound(kind: detail.kind, name: detail.name)
    } else if let detail: ResourceExists = status.detail() {
      self = .resourceExists(kind: detail.kind, name: detail.name)
    } else if let detail: AlreadyStarted = status.detail() {
      self = .alreadyStarted(runID: detail.runID)
    } else if let detail: RunClosed = status.detail() {
      self = .runClosed(runID: detail.runID, status: detail.status)
    } else if let detail: RunNotClosed = status.detail() {
      self = .runNotClosed(runID: detail.runID, status: detail.status)
    } else if let detail: VersionNotRegistered = status.detail() {
      self = .versionNotRegistered(type: detail.type, version: Int(detail.version))
    } else if let detail: VersionDeprecated = status.detail() {
      self = .versionDeprecated(type: detail.type, version: Int(detail.version))
    } else if let detail: NamespaceDisabled = status.detail() {
      self = .namespaceDisabled(detail.namespace)
    } else if let detail: PayloadTooLarge = status.detail() {
      self = .payloadTooLarge(field: detail.field, limit: Int(clamping: detail.limit), size: Int(clamping: detail.size))
    } else if let detail: QueueFull = status.detail() {
      self = .queueFull(retryAfter: detail.retryAfter.map { Duration($0) } ?? .zero)
    } else if let detail: LeaseLost = status.detail() {
      self = .leaseLost(runID: detail.runID, step: detail.step, takenBy: detail.takenBy)
    } else {
      return nil
    }
  }

  /// The run that it is about.
  var runID: String? {
    switch self {
    case .runNotFound(let runID, _), .alreadyStarted(let runID), .runClosed(let runID, _), .runNotClosed(let runID, _),
      .leaseLost(let runID, _, _):
      runID.isEmpty ? nil : runID
    default: nil
    }
  }
}
