internal import Engine
internal import Messages
internal import Store

extension Worker {
  internal init(_ row: WorkerRow, held: CountHeld.Row?) {
    self.init(
      workerID: row.workerID, namespace: row.namespace,
      status: Messages.WorkerStatus(rawValue: Int32(row.status.rawValue)), sessionID: row.sessionID.description,
      taskQueues: row.taskQueues,
      workflows: row.workflows.map { TypeVersion(type: $0.type, version: UInt32(clamping: $0.version)) },
      activities: row.activities.map { TypeVersion(type: $0.type, version: UInt32(clamping: $0.version)) },
      workflowSlots: UInt32(clamping: row.workflowSlots), activitySlots: UInt32(clamping: row.activitySlots),
      activeWorkflows: UInt32(clamping: held?.workflows ?? 0),
      activeActivities: UInt32(clamping: held?.activities ?? 0), hostname: row.hostname, pid: UInt32(clamping: row.pid),
      sdkName: row.sdkName, sdkVersion: row.sdkVersion, labels: TagsJSON.decode(row.labels),
      registeredAt: Timestamp(row.registeredAt), lastBeatAt: row.beatAt.map { Timestamp($0) },
      leaseExpiresAt: row.expiresAt.map { Timestamp($0) }, endedAt: row.endedAt.map { Timestamp($0) },
      statusReason: row.statusReason, heartbeatInterval: ProtoDuration(milliseconds: row.heartbeatMilliseconds))
  }
}

extension WorkerFacts {
  internal init(_ row: WorkerRow, held: CountHeld.Row?) {
    self.init(
      workerID: row.workerID, namespace: row.namespace, status: row.status, statusReason: row.statusReason,
      hostname: row.hostname, heartbeatAge: max(0, row.beatAgeMilliseconds),
      uptime: max(0, row.registeredAgeMilliseconds - (row.endedAgeMilliseconds ?? 0)),
      endedAge: row.endedAgeMilliseconds, activeWorkflows: held?.workflows ?? 0,
      activeActivities: held?.activities ?? 0)
  }
}

extension WorkerRow {
  /// The kinds of task that it takes.
  internal var keys: [TaskKey] {
    Coordinator.keys(namespace: namespace, queues: taskQueues, workflows: workflows, activities: activities)
  }
}
