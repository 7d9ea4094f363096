internal import Messages

extension WorkflowContext {
  /// Starts a child workflow, on any worker that registered it, and waits for its output.
  ///
  /// A child that fails, is cancelled or runs out of time throws a `StepError` of that kind. While it runs, this
  /// workflow holds no worker slot.
  public func child<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ name: String, _ input: Input, as output: Output.Type = Output.self, options: ChildOptions = ChildOptions()
  ) async throws -> Output {
    try PayloadCoding.decode(output, from: try await startChild(name, try PayloadCoding.encode(input), options))
  }

  /// Starts a child workflow without an input.
  public func child<Output: Decodable & Sendable>(
    _ name: String, as output: Output.Type = Output.self, options: ChildOptions = ChildOptions()
  ) async throws -> Output {
    try await child(name, NoValue(), as: output, options: options)
  }

  /// Starts a child workflow whose output does not matter, and waits for its end.
  public func child<Input: Encodable & Sendable>(
    _ name: String, _ input: Input, options: ChildOptions = ChildOptions()
  ) async throws {
    _ = try await startChild(name, try PayloadCoding.encode(input), options)
  }

  /// Starts a child workflow without an input, whose output does not matter, and waits for its end.
  public func child(_ name: String, options: ChildOptions = ChildOptions()) async throws {
    try await child(name, NoValue(), options: options)
  }

  private func startChild(_ name: String, _ input: Payload, _ options: ChildOptions) async throws -> Payload {
    let input = try input.checked(limit: run.limits.maxPayloadBytes)
    let (key, wake) = try await begin(options.id ?? name, .child) { key in
      options.command(key: key, type: name, input: input)
    }
    return try await settle(wake, of: key)
  }
}
