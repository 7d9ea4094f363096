internal import Messages

/// What is known of a run from the beginning and never changes.
struct RunFacts: Sendable {
  var runID: String
  var workflowID: String
  var workflowType: String
  var workflowVersion: UInt32
  var namespace: String
  var attempt: UInt32
  var headers: [String: String]
  var now: Timestamp
  var seed: UInt64

  init(_ task: WorkerTask, _ workflow: WorkflowTask) {
    runID = task.runID
    workflowID = task.workflowID
    workflowType = task.workflowType
    workflowVersion = task.workflowVersion
    namespace = task.namespace
    attempt = task.attempt
    headers = task.headers
    now = workflow.now ?? Timestamp()
    seed = workflow.seed
  }
}

/// A registered workflow function without its types.
typealias WorkflowHandler = @Sendable (WorkflowContext, Payload?) async throws -> Payload

/// What a dropped function's calls throw. Whatever the function does with it is ignored.
struct RunDropped: Error, Sendable, CustomStringConvertible {
  var description: String { "The workflow function was dropped from memory; the run goes on elsewhere" }
}
