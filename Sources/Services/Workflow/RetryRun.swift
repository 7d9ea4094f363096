internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func retryRun(
    _ request: RetryRunRequest, _ call: ServerCall, _ responder: consuming Responder<RetryRunResponse>
  ) {
    responder.answer { [self] in
      guard !request.runID.isEmpty else { throw Status.invalid("run_id", "must not be empty") }
      _ = try enabledNamespace(request.namespace)
      let row = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      try await retry(row)
      return RetryRunResponse(runID: row.runID.description)
    }
  }

  /// Opens a run again that was closed when it was read; says why not if it cannot be.
  internal func retry(_ row: RunRow) async throws {
    guard row.status.canBeOpenedAgain else { throw Status.runNotClosed(row.runID.description, status: row.status) }
    if try await reopen(row) { return }
    let found = try await findRun(namespace: row.namespace, runID: row.runID.description, workflowID: "")
    // The same change, made by a commit whose answer was lost or by another call, is what was asked for.
    if !found.status.isClosed, found.attempt == row.attempt + 1 { return reopened(found, Restarted()) }
    if found.status.canBeOpenedAgain {
      let holder = try await findRun(namespace: row.namespace, runID: "", workflowID: row.workflowID)
      throw Status.alreadyStarted(row.workflowID, runID: holder.runID.description)
    }
    throw Status.runNotClosed(row.runID.description, status: found.status)
  }
}

extension Engine.RunStatus {
  /// Whether RetryRun can open it again.
  internal var canBeOpenedAgain: Bool {
    switch self {
    case .failed, .cancelled, .terminated, .timedOut: true
    default: false
    }
  }
}

extension Status {
  /// A run that cannot be opened again.
  internal static func runNotClosed(_ runID: String, status: Engine.RunStatus) -> Status {
    let message =
      "run \(runID) is \(status.name): only a FAILED, TIMED_OUT, CANCELLED or TERMINATED run can be retried"
    return Status(
      .failedPrecondition, message, detail: RunNotClosed(runID: runID, status: status.name), named: "RunNotClosed")
  }
}
