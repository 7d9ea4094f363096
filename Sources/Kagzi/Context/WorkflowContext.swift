public import FoundationEssentials
internal import Messages

/// What a workflow function uses to do durable work. Every call is recorded once and returns the recorded outcome on
/// every replay.
///
/// The function runs as one Swift task: use `async let` and task groups for concurrency inside it. Unstructured tasks
/// and foreign waits (`Task.sleep`) work while the run is in memory, but nothing of them is recorded.
public struct WorkflowContext: Sendable {
  let run: RunExecution

  /// The run's id, a UUIDv7.
  public var workflowRunID: String { run.facts.runID }

  /// The caller's own key of the run.
  public var workflowID: String { run.facts.workflowID }

  /// The workflow type's name.
  public var workflowName: String { run.facts.workflowType }

  /// The version that the run is pinned to.
  public var workflowVersion: Int { Int(run.facts.workflowVersion) }

  /// The namespace of the run.
  public var namespace: String { run.facts.namespace }

  /// The attempt of the run under its own retry policy, from 1.
  public var attempt: Int { Int(run.facts.attempt) }

  /// The headers that the run was started with.
  public var headers: [String: String] { run.facts.headers }

  /// When the run's first task was handed out, by the database's clock: the same on every replay.
  public var now: Date { Date(run.facts.now) }

  /// Random numbers that are the same on every replay, as long as they are asked for in the same order.
  public var random: WorkflowRandom { WorkflowRandom(run: run) }

  /// Whether the run was asked to cancel.
  public var isCancellationRequested: Bool { run.cancelReason != nil }

  @TaskLocal static var isShielded = false

  /// Runs cleanup that a cancellation of the run does not stop: its calls of the context work as if none was asked for.
  public func uncancellable<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    try await Self.$isShielded.withValue(true) { try await body() }
  }
}
