/// A `StepBuilder` that knows its context: what `ctx.stepBuilder` gives.
public struct BoundStepBuilder: Sendable {
  let context: WorkflowContext
  var builder: StepBuilder

  /// When and how often the step is tried again. Default: never.
  public func retryPolicy(_ policy: RetryPolicy) -> BoundStepBuilder {
    BoundStepBuilder(context: context, builder: builder.retryPolicy(policy))
  }

  /// Which errors the policy retries. Default: the policy's own predicate.
  public func retryPredicate(_ predicate: RetryPredicate) -> BoundStepBuilder {
    BoundStepBuilder(context: context, builder: builder.retryPredicate(predicate))
  }

  /// Runs the step. An error that is not retried any more is thrown as a `StepError`.
  public func execute<Output: Codable & Sendable>(_ body: () async throws -> Output) async throws -> Output {
    try await builder.execute(context, body)
  }

  /// Runs a step without a value.
  @_disfavoredOverload
  public func execute(_ body: () async throws -> Void) async throws {
    try await builder.execute(context, body)
  }
}
