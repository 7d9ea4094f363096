internal import Messages

extension WorkflowContext {
  /// Runs the body once and records what it returns or throws; a replay gets the recorded outcome without running it.
  ///
  /// One attempt: an error is recorded and thrown as a `StepError`. For retries use `stepBuilder`.
  /// The id is the step's name; one after the other, a name may be used many times. At most 256 bytes.
  public func step<Output: Codable & Sendable>(
    _ id: String, _ body: () async throws -> Output
  ) async throws -> Output {
    try await StepBuilder(id).execute(self, body)
  }

  /// A step without a value.
  @_disfavoredOverload
  public func step(_ id: String, _ body: () async throws -> Void) async throws {
    try await StepBuilder(id).execute(self, body)
  }

  /// A step with a retry policy: `ctx.stepBuilder("call").retryPolicy(.exponential()).execute { … }`.
  public func stepBuilder(_ id: String) -> BoundStepBuilder {
    BoundStepBuilder(context: self, builder: StepBuilder(id))
  }

  func perform<Output: Codable & Sendable>(
    _ name: String, policy: RetryPolicy?, _ body: () async throws -> Output
  ) async throws -> Output {
    let ask = StepAsk(name: name, kind: .local, isShielded: Self.isShielded)
    let wake = try await carryOut(run.ask(ask) { _ in nil }, name, policy) {
      try PayloadCoding.encode(try await body())
    }
    return try PayloadCoding.decode(Output.self, from: try await settle(wake, of: name))
  }

  /// Runs a local step's body as often as its recorded attempts want it; gives what there is to do at the end.
  func carryOut(
    _ reply: StepReply, _ name: String, _ policy: RetryPolicy?, group: String = "",
    _ body: () async throws -> Payload
  ) async throws -> Wake {
    var (key, wake) = try await follow(reply, name)
    while case .execute(let attempt, let delay) = wake {
      try await pause(before: key, name, delay)
      var result = await attemptStep(key, attempt, policy, body)
      result.group = group
      switch run.closureEnded(result, isShielded: Self.isShielded) {
      case .wait(let next):
        key = next
        wake = await run.wait(for: next)
      case .now(_, let now): wake = now
      case .halt, .fault: wake = await run.halt()
      }
    }
    return wake
  }

  /// Waits in place before another attempt; a cancellation that came meanwhile ends the step instead.
  private func pause(before key: String, _ name: String, _ delay: Duration) async throws {
    guard delay > .zero else { return }
    try? await Task.sleep(for: delay)
    guard !Self.isShielded, let reason = run.cancelReason else { return }
    run.closureAbandoned(key)
    throw StepError(.cancelled, Self.cancelMessage(reason), source: name)
  }

  /// One attempt, off the run's own executor: a body may block without holding up the bookkeeping of the run.
  private func attemptStep(
    _ key: String, _ attempt: UInt32, _ policy: RetryPolicy?, _ body: () async throws -> Payload
  ) async -> StepResult {
    let clock = ContinuousClock()
    let start = clock.now
    let outcome: StepResult.Outcome
    do {
      let output = try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
      outcome = .output(try output.checked(limit: run.limits.maxPayloadBytes))
    } catch {
      outcome = .failure(StepError(recording: error).failure)
    }
    return StepResult(
      key: key, attempt: attempt, outcome: outcome, retryPolicy: policy?.message,
      duration: ProtoDuration(start.duration(to: clock.now)))
  }
}
