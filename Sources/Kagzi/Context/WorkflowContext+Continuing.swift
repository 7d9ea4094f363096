internal import Messages

extension WorkflowContext {
  /// Ends this run as `continued` and goes on as a new run with this input: same workflow id, type, queue and options,
  /// no recorded steps. For workflows that go on for ever. `version` nil: the same.
  ///
  /// Does not return: nothing that the function does after this call counts, whatever it catches. Waiting for the
  /// first run's result waits for the last one's.
  public func continueAsNew<Input: Encodable & Sendable>(_ input: Input, version: Int? = nil) async throws -> Never {
    try await goOn(try PayloadCoding.encode(input), version)
  }

  /// Goes on as a new run without an input.
  public func continueAsNew(version: Int? = nil) async throws -> Never {
    try await goOn(PayloadCoding.null, version)
  }

  private func goOn(_ input: Payload, _ version: Int?) async throws -> Never {
    let continuation = ContinueAsNew(
      input: try input.checked(limit: run.limits.maxPayloadBytes), workflowVersion: version.map { UInt32(clamping: $0) }
    )
    switch run.continueAsNew(continuation, isShielded: Self.isShielded) {
    case .now(_, .cancelled(let reason)): throw StepError(.cancelled, Self.cancelMessage(reason))
    case .halt: _ = await run.halt()
    case .now, .wait, .fault: break
    }
    throw await run.callAfterDrop()
  }
}
