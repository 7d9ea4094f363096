internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// What a batch does to each run, checked.
internal enum BatchRunAction: Sendable {
  case cancel(reason: String)
  case terminate(reason: String)
  case pause(reason: String)
  case resume
  case retry
  case signal(NewSignal)

  init(_ request: BatchRunsRequest, _ coordinator: Coordinator) throws {
    func reason(_ fallback: String) throws(Status) -> String {
      try coordinator.text(request.reason, "reason", default: fallback)
    }
    switch request.action {
    case .cancel: self = .cancel(reason: try reason("cancelled by a batch"))
    case .terminate: self = .terminate(reason: try reason("terminated by a batch"))
    case .pause: self = .pause(reason: try reason("paused by a batch"))
    case .resume: self = .resume
    case .retry:
      _ = try coordinator.enabledNamespace(request.namespace)
      self = .retry
    case .signal:
      self = .signal(
        try coordinator.newSignal(
          name: request.signalName, payload: request.payload, requestID: request.requestID))
    default: throw Status.invalid("action", "must say what to do to each run")
    }
  }

  /// The statuses that a filter without any means: what the action can change. Runs that people closed on purpose are
  /// retried only when they are named.
  var defaultStatuses: [Engine.RunStatus] {
    switch self {
    case .cancel, .terminate, .signal: [.pending, .running, .waiting, .sleeping, .paused]
    case .pause: [.pending, .running, .waiting, .sleeping]
    case .resume: [.paused]
    case .retry: [.failed, .timedOut]
    }
  }
}

extension Coordinator {
  /// Does a batch's action to one run; throws a status that says why it could not be done.
  internal func apply(_ action: BatchRunAction, to row: RunRow) async throws {
    if case .retry = action { return try await retry(row) }
    // One that closed after it got the signal, from the same batch, has what it should.
    if case .signal(let signal) = action {
      _ = try await self.signal(namespace: row.namespace, runID: row.runID, workflowID: nil, signal)
      return
    }
    if !row.status.isClosed, try await applyToOpen(action, row) { return }
    let found = try await findRun(namespace: row.namespace, runID: row.runID.description, workflowID: "")
    if case .cancel = action, found.status == .cancelled { return }
    if case .terminate = action, found.status == .terminated { return }
    throw Status.runClosed(row.runID.description, status: found.status.name)
  }

  private func applyToOpen(_ action: BatchRunAction, _ row: RunRow) async throws -> Bool {
    switch action {
    case .cancel(let reason): try await cancel(row, reason: reason)
    case .terminate(let reason): try await end(row.runID, .terminated, kind: .cancelled, reason: reason)
    case .pause(let reason): try await pause(row, reason: reason)
    case .resume: try await resume(row)
    case .signal, .retry: false
    }
  }
}
