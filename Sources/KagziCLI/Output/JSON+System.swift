internal import Messages

/// Workers, queues and health for programs.
extension JSON {
  static func worker(_ worker: Worker) -> [String: Any] {
    [
      "workerId": worker.workerID, "namespace": worker.namespace, "status": Text.name(worker.status),
      "statusReason": worker.statusReason, "sessionId": worker.sessionID, "taskQueues": worker.taskQueues,
      "workflows": worker.workflows.map { version($0) }, "activities": worker.activities.map { version($0) },
      "workflowSlots": Int(worker.workflowSlots), "activitySlots": Int(worker.activitySlots),
      "activeWorkflows": Int(worker.activeWorkflows), "activeActivities": Int(worker.activeActivities),
      "hostname": worker.hostname, "pid": Int(worker.pid), "sdkName": worker.sdkName,
      "sdkVersion": worker.sdkVersion, "labels": worker.labels, "registeredAt": time(worker.registeredAt),
      "lastBeatAt": time(worker.lastBeatAt), "leaseExpiresAt": time(worker.leaseExpiresAt),
      "endedAt": time(worker.endedAt),
    ]
  }

  static func workerEvent(_ event: WorkerEvent) -> [String: Any] {
    ["workerId": event.workerID, "at": time(event.at), "kind": event.kind, "message": event.message]
  }

  static func queue(_ queue: Queue) -> [String: Any] {
    [
      "taskQueue": queue.taskQueue,
      "entries": queue.entries.map { entry in
        [
          "kind": entry.kind, "type": version(entry.type ?? TypeVersion()), "ready": Int(entry.ready),
          "leased": Int(entry.leased), "oldestReadyAt": time(entry.oldestReadyAt),
          "liveWorkers": Int(entry.liveWorkers),
        ] as [String: Any]
      },
    ]
  }

  static func finding(_ finding: HealthFinding) -> [String: Any] {
    [
      "subject": finding.subject, "status": Text.name(finding.status), "message": finding.message,
      "evidence": finding.evidence,
    ]
  }

  private static func version(_ type: TypeVersion) -> [String: Any] {
    ["type": type.type, "version": Int(type.version)]
  }
}

extension Text {
  /// Such as `order v1, order v2`.
  static func versions(_ types: [TypeVersion]) -> String {
    types.map { "\($0.type) v\($0.version)" }.joined(separator: ", ")
  }
}
