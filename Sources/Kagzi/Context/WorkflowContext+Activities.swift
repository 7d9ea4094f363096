internal import Messages

extension WorkflowContext {
  /// Runs an activity on any worker that registered it, in any language, and waits for its output.
  ///
  /// The coordinator retries it by the options' policy. An error that is not retried any more is thrown as a
  /// `StepError`. While it runs, the workflow holds no worker slot.
  public func activity<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ input: Input, as output: Output.Type = Output.self, options: ActivityOptions = ActivityOptions()
  ) async throws -> Output {
    try PayloadCoding.decode(output, from: try await callActivity(name, try PayloadCoding.encode(input), options))
  }

  /// Runs an activity without an input.
  public func activity<Output: Decodable & Sendable>(
    _ name: String, as output: Output.Type = Output.self, options: ActivityOptions = ActivityOptions()
  ) async throws -> Output {
    try await activity(name, NoValue(), as: output, options: options)
  }

  /// Runs an activity whose output does not matter.
  public func activity<Input: Encodable & Sendable>(
    _ name: String, _ input: Input, options: ActivityOptions = ActivityOptions()
  ) async throws {
    _ = try await callActivity(name, try PayloadCoding.encode(input), options)
  }

  /// Runs an activity without an input, whose output does not matter.
  public func activity(_ name: String, options: ActivityOptions = ActivityOptions()) async throws {
    try await activity(name, NoValue(), options: options)
  }

  private func callActivity(_ name: String, _ input: Payload, _ options: ActivityOptions) async throws -> Payload {
    let input = try input.checked(limit: run.limits.maxPayloadBytes)
    let (key, wake) = try await begin(options.id ?? name, .activity) { key in
      options.command(key: key, type: name, input: input)
    }
    return try await settle(wake, of: key)
  }
}
