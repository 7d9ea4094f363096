internal import Engine
internal import Messages
internal import Store

extension Run {
  internal init(_ row: RunRow, includesPayloads: Bool = true) {
    self.init(
      runID: row.runID.description, workflowID: row.workflowID, namespace: row.namespace,
      workflowType: row.workflowType, workflowVersion: UInt32(row.workflowVersion), taskQueue: row.taskQueue,
      status: Messages.RunStatus(rawValue: Int32(row.status.rawValue)), statusReason: row.statusReason ?? "",
      input: includesPayloads ? Payload(blob: row.input) : nil,
      output: includesPayloads ? Payload(blob: row.output) : nil, failure: Failure(blob: row.failure),
      priority: Int32(row.priority), tags: row.tags.map(TagsJSON.decode) ?? [:],
      createdAt: Timestamp(row.createdAt), startedAt: row.startedAt.map { Timestamp($0) },
      closedAt: row.closedAt.map { Timestamp($0) }, nextWakeAt: row.nextWakeAt.map { Timestamp($0) },
      sessionID: row.sessionID?.description ?? "", sequence: UInt64(max(0, row.sequence)),
      cancelRequested: row.isCancelRequested, parentRunID: row.parentRunID?.description ?? "",
      attempt: UInt32(row.attempt), parentStep: row.parentStep ?? "",
      relatedRunID: row.relatedRunID?.description ?? "")
  }
}

extension Step {
  internal init(_ row: StepRow) {
    self.init(
      key: row.key, kind: Messages.StepKind(rawValue: Int32(row.kind.rawValue)),
      state: Messages.StepState(rawValue: Int32(row.state.rawValue)), attempt: UInt32(row.attempt),
      group: row.groupKey ?? "", activityType: row.activityType ?? "",
      activityVersion: UInt32(row.activityVersion ?? 0),
      taskQueue: row.taskQueue ?? "", input: Payload(blob: row.input), output: Payload(blob: row.output),
      failure: Failure(blob: row.failure), dueAt: row.dueAt.map { Timestamp($0) },
      progress: Payload(blob: row.progress),
      sessionID: row.sessionID?.description ?? "", scheduledAt: Timestamp(row.scheduledAt),
      startedAt: row.startedAt.map { Timestamp($0) }, settledAt: row.settledAt.map { Timestamp($0) },
      scheduledSequence: UInt64(row.scheduledSequence), settledSequence: UInt64(row.settledSequence ?? 0),
      childRunID: row.childRunID?.description ?? "", signalName: row.signalName ?? "")
  }
}

extension StepAttempt {
  internal init(_ row: AttemptRow) {
    self.init(
      step: row.stepKey, attempt: UInt32(row.attempt), workerID: row.workerID ?? "",
      startedAt: row.startedAt.map { Timestamp($0) }, endedAt: row.endedAt.map { Timestamp($0) },
      failure: Failure(blob: row.failure),
      retryDelay: row.retryDelayMilliseconds.map { ProtoDuration(milliseconds: $0) },
      sequence: row.sequence == .max ? 0 : UInt64(row.sequence))
  }
}

extension StepRecord {
  internal init(_ row: StepRow, retryDelayMilliseconds: Int64?) {
    self.init(
      key: row.key, kind: Messages.StepKind(rawValue: Int32(row.kind.rawValue)),
      state: Messages.StepState(rawValue: Int32(row.state.rawValue)), attempt: UInt32(row.attempt),
      output: Payload(blob: row.output), failure: Failure(blob: row.failure), group: row.groupKey ?? "",
      retryDelay: retryDelayMilliseconds.map { ProtoDuration(milliseconds: $0) })
  }
}
