/// A local step with settings of its own; both settings are optional.
///
///     let user = try await StepBuilder("api-call")
///       .retryPolicy(.exponential())
///       .retryPredicate(.onRetryableError)
///       .execute(ctx) { try await callAPI() }
public struct StepBuilder: Sendable {
  let id: String
  private var policy: RetryPolicy?
  private var predicate: RetryPredicate?

  public init(_ id: String) {
    self.id = id
  }

  /// When and how often the step is tried again. Default: never.
  public func retryPolicy(_ policy: RetryPolicy) -> StepBuilder {
    var builder = self
    builder.policy = policy
    return builder
  }

  /// Which errors the policy retries. Default: the policy's own predicate.
  public func retryPredicate(_ predicate: RetryPredicate) -> StepBuilder {
    var builder = self
    builder.predicate = predicate
    return builder
  }

  /// Runs the step. An error that is not retried any more is thrown as a `StepError`.
  public func execute<Output: Codable & Sendable>(
    _ context: WorkflowContext, _ body: () async throws -> Output
  ) async throws -> Output {
    try await context.perform(id, policy: effectivePolicy, body)
  }

  /// Runs a step without a value.
  @_disfavoredOverload
  public func execute(_ context: WorkflowContext, _ body: () async throws -> Void) async throws {
    _ = try await context.perform(id, policy: effectivePolicy) {
      try await body()
      return NoValue()
    }
  }

  private var effectivePolicy: RetryPolicy? {
    guard let policy else { return nil }
    return predicate.map { policy.retryPredicate($0) } ?? policy
  }
}
