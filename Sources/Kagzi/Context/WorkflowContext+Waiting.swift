internal import Messages

extension WorkflowContext {
  /// Asks for a step and waits for what is to be done about it first.
  func begin(
    _ name: String, _ kind: StepKind, command: (String) -> Command.CommandKind?
  ) async throws -> (key: String, wake: Wake) {
    let ask = StepAsk(name: name, kind: kind, isShielded: Self.isShielded)
    return try await follow(run.ask(ask, command: command), name)
  }

  /// Does what the machine says of a call, up to where its key is woken.
  func follow(_ reply: StepReply, _ name: String) async throws -> (key: String, wake: Wake) {
    switch reply {
    case .now(let key, let wake): (key, wake)
    case .wait(let key): (key, await run.wait(for: key))
    case .halt: (name, await run.halt())
    case .fault(let error): throw error
    }
  }

  /// The output of a step that the coordinator settles.
  func settle(_ wake: Wake, of name: String) async throws -> Payload {
    switch wake {
    case .settled(.success(let output)): return output
    case .settled(.failure(let failure)): throw StepError(failure)
    case .cancelled(let reason): throw StepError(.cancelled, Self.cancelMessage(reason), source: name)
    case .callerCancelled: throw StepError(.cancelled, "The task that waited for the step was cancelled", source: name)
    case .dropped, .execute, .groupResolved: throw await run.callAfterDrop()
    }
  }

  static func cancelMessage(_ reason: String) -> String {
    reason.isEmpty ? "The run was asked to cancel" : "The run was asked to cancel: \(reason)"
  }
}
