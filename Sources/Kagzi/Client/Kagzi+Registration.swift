internal import Messages

extension Kagzi {
  /// Registers a workflow as version 1. Register everything before the worker starts; a name twice stops the program.
  public func registerWorkflow<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (WorkflowContext, Input) async throws -> Output
  ) {
    registerWorkflowVersion(name, 1, function)
  }

  /// Registers a workflow without an output as version 1.
  @_disfavoredOverload
  public func registerWorkflow<Input: Decodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (WorkflowContext, Input) async throws -> Void
  ) {
    registerWorkflowVersion(name, 1, function)
  }

  /// Registers a workflow without an input as version 1.
  public func registerWorkflow<Output: Encodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (WorkflowContext) async throws -> Output
  ) {
    registerWorkflowVersion(name, 1) { (context, _: NoValue) in try await function(context) }
  }

  /// Registers a workflow without an input and an output as version 1.
  @_disfavoredOverload
  public func registerWorkflow(_ name: String, _ function: @escaping @Sendable (WorkflowContext) async throws -> Void) {
    registerWorkflowVersion(name, 1) { (context, _: NoValue) in try await function(context) }
  }

  /// Registers a version, 1 or more, of a workflow. Versions run side by side; a run ends on the one it began with.
  public func registerWorkflowVersion<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ name: String, _ version: Int, _ function: @escaping @Sendable (WorkflowContext, Input) async throws -> Output
  ) {
    registry.add(workflow: Self.key(name, version)) { context, payload in
      let output = try await function(context, try PayloadCoding.decode(Input.self, from: payload))
      return try PayloadCoding.encode(output).checked(limit: context.run.limits.maxPayloadBytes)
    }
  }

  /// Registers a version of a workflow without an output.
  @_disfavoredOverload
  public func registerWorkflowVersion<Input: Decodable & Sendable>(
    _ name: String, _ version: Int, _ function: @escaping @Sendable (WorkflowContext, Input) async throws -> Void
  ) {
    registerWorkflowVersion(name, version) { (context, input: Input) in
      try await function(context, input)
      return NoValue()
    }
  }

  /// Registers a version of a workflow without an input.
  public func registerWorkflowVersion<Output: Encodable & Sendable>(
    _ name: String, _ version: Int, _ function: @escaping @Sendable (WorkflowContext) async throws -> Output
  ) {
    registerWorkflowVersion(name, version) { (context, _: NoValue) in try await function(context) }
  }

  /// Registers an activity as version 1.
  public func registerActivity<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (Input, ActivityContext) async throws -> Output
  ) {
    registerActivityVersion(name, 1, function)
  }

  /// Registers an activity without an output as version 1.
  @_disfavoredOverload
  public func registerActivity<Input: Decodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (Input, ActivityContext) async throws -> Void
  ) {
    registerActivityVersion(name, 1) { (input: Input, context) in
      try await function(input, context)
      return NoValue()
    }
  }

  /// Registers an activity without an input as version 1.
  public func registerActivity<Output: Encodable & Sendable>(
    _ name: String, _ function: @escaping @Sendable (ActivityContext) async throws -> Output
  ) {
    registerActivityVersion(name, 1) { (_: NoValue, context) in try await function(context) }
  }

  /// Registers an activity without an input and an output as version 1.
  @_disfavoredOverload
  public func registerActivity(_ name: String, _ function: @escaping @Sendable (ActivityContext) async throws -> Void) {
    registerActivityVersion(name, 1) { (_: NoValue, context) in
      try await function(context)
      return NoValue()
    }
  }

  /// Registers a version, 1 or more, of an activity.
  public func registerActivityVersion<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ name: String, _ version: Int, _ function: @escaping @Sendable (Input, ActivityContext) async throws -> Output
  ) {
    registry.add(activity: Self.key(name, version)) { context, payload in
      try PayloadCoding.encode(
        try await function(try PayloadCoding.decode(Input.self, from: payload), context))
    }
  }

  private static func key(_ name: String, _ version: Int) -> TypeKey {
    precondition(!name.isEmpty, "A type's name is not empty")
    precondition(version >= 1 && version <= Int(Int32.max), "A version is 1 or more, and not \(version)")
    return TypeKey(name: name, version: UInt32(version))
  }
}
