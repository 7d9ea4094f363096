internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension WorkflowReportPlanner {
  /// Plans a child: the step that waits for it, and the run. A child that cannot be started fails its step, never the report.
  internal func add(_ command: Messages.StartChild, to plan: inout WorkflowReportPlan) throws(ReportFlaw) {
    let id = newID()
    var step = NewStep(key: command.key, kind: .child, state: .waiting)
    step.groupKey = try group(command.group, of: command.key)
    step.childRunID = id
    plan.steps.append(step)
    let start = try start(command, id)
    if let timeout = start.timeoutMilliseconds { plan.noteDue(timeout) }
    plan.children.append(PlannedChild(child: child(command, start), input: command.input))
  }

  private func child(_ command: Messages.StartChild, _ planned: StartRun) -> NewChild {
    var start = planned
    do throws(VersionRefusal) {
      start.workflowVersion = try registry.version(
        command.workflowVersion.map { Int32($0) }, of: start.workflowType, kind: .workflow, namespace: start.namespace,
        key: start.workflowID)
    } catch {
      let status = Status(error, type: start.workflowType)
      let failure = Failure(kind: .notFound, message: status.message, code: error.code, source: "kagzi")
      return NewChild(childRunID: start.runID, stepKey: command.key, start: nil, failure: failure.blob)
    }
    let failure = Failure(
      kind: .businessLogicError, message: "an open run has the child's workflow id '\(start.workflowID)'",
      code: "ALREADY_STARTED", context: ["child_workflow_id": start.workflowID], source: "kagzi")
    var child = NewChild(childRunID: start.runID, stepKey: command.key, start: start, failure: failure.blob)
    child.hasMadeWorkflowID = command.workflowID.isEmpty
    return child
  }

  private func start(_ command: Messages.StartChild, _ id: RunID) throws(ReportFlaw) -> StartRun {
    let what = "of child '\(command.key)'"
    guard !command.workflowType.isEmpty, command.workflowType.utf8.count <= limits.maxNameBytes else {
      throw .invalid("workflow_type \(what) must have 1 to \(limits.maxNameBytes) bytes")
    }
    guard command.taskQueue.utf8.count <= limits.maxNameBytes else {
      throw .invalid("task_queue \(what) must have at most \(limits.maxNameBytes) bytes")
    }
    guard command.workflowID.utf8.count <= limits.maxKeyBytes else {
      throw .invalid("workflow_id \(what) must have at most \(limits.maxKeyBytes) bytes")
    }
    if let version = command.workflowVersion, version == 0 || version > Int32.max {
      throw .invalid("workflow_version \(what) must be 1 or more")
    }
    if let timeout = command.runTimeout, timeout.duration <= .zero {
      throw .invalid("run_timeout \(what) must be longer than zero")
    }
    try check(command.input, of: command.key)
    let workflowID = workflowID(command, id)
    var start = StartRun(
      runID: id, namespace: run.namespace, workflowID: workflowID, workflowType: command.workflowType,
      workflowVersion: 0, taskQueue: command.taskQueue.isEmpty ? run.taskQueue : command.taskQueue)
    start.priority = run.priority
    start.headers = run.headers
    start.input = command.input?.blob
    start.timeoutMilliseconds = command.runTimeout?.milliseconds
    start.tags = TagsJSON.encode(try tags(command.tags, what))
    if let policy = command.retryPolicy {
      if let flaw = policy.flaw { throw .invalid("retry_policy.\(flaw.field) \(what) \(flaw.reason)") }
      start.policy = policy.blob
    }
    start.parent = ParentStep(
      runID: run.runID, stepKey: command.key,
      closePolicy: Engine.ParentClosePolicy(rawValue: Int16(clamping: command.parentClosePolicy.rawValue)) ?? .cancel)
    return start
  }

  /// The child's own id, else one made of its parent's run and step.
  private func workflowID(_ command: Messages.StartChild, _ id: RunID) -> String {
    guard command.workflowID.isEmpty else { return command.workflowID }
    let made = "\(run.runID)/\(command.key)"
    return made.utf8.count <= limits.maxKeyBytes ? made : id.description
  }

  private func tags(_ tags: [String: String], _ what: String) throws(ReportFlaw) -> [String: String] {
    guard tags.count <= limits.maxTags else { throw .invalid("tags \(what) may be at most \(limits.maxTags)") }
    for (key, value) in tags where key.utf8.count > limits.maxNameBytes || value.utf8.count > limits.maxNameBytes {
      throw .invalid("tag '\(key.prefix(40))' \(what) has more than \(limits.maxNameBytes) bytes")
    }
    return tags
  }
}

extension VersionRefusal {
  /// The code of a child's failure that it is the reason of.
  fileprivate var code: String {
    switch self {
    case .notRegistered: "VERSION_NOT_REGISTERED"
    case .deprecated, .isDefault: "VERSION_DEPRECATED"
    }
  }
}
