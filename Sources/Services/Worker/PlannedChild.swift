internal import Engine
internal import Messages
internal import Store

/// A child that is started, or left ready, with the report that asks for it.
internal struct PlannedChild {
  var child: NewChild
  /// As the contract has it, for its first task.
  var input: Payload?

  var reservedSession: SessionID? { child.start?.reservedSession }

  mutating func reserve(_ coordinator: Coordinator) {
    guard let start = child.start else { return }
    child.start?.reservedSession = coordinator.reserve(RunReference(start).taskKey, jumpsQueue: false)
  }
}

extension RunReference {
  /// A run that is about to be started.
  internal init(_ start: StartRun) {
    self.init(
      runID: start.runID, namespace: start.namespace, workflowID: start.workflowID, workflowType: start.workflowType,
      workflowVersion: start.workflowVersion, taskQueue: start.taskQueue, priority: start.priority,
      headers: start.headers, stickySession: nil)
  }
}
