/// What the health of a worker is judged by. Ages are by the database's clock, in milliseconds.
package struct WorkerFacts: Sendable, Hashable {
  package var workerID: String
  package var namespace: String
  package var status: WorkerStatus
  package var statusReason: String
  package var hostname: String
  package var heartbeatAge: Int64
  package var uptime: Int64
  /// Nil while it lives.
  package var endedAge: Int64?
  package var activeWorkflows: Int
  package var activeActivities: Int

  package init(
    workerID: String, namespace: String, status: WorkerStatus, statusReason: String = "", hostname: String = "",
    heartbeatAge: Int64, uptime: Int64, endedAge: Int64? = nil, activeWorkflows: Int = 0, activeActivities: Int = 0
  ) {
    self.workerID = workerID
    self.namespace = namespace
    self.status = status
    self.statusReason = statusReason
    self.hostname = hostname
    self.heartbeatAge = heartbeatAge
    self.uptime = uptime
    self.endedAge = endedAge
    self.activeWorkflows = activeWorkflows
    self.activeActivities = activeActivities
  }

  /// Whether it counts when the whole system is checked: it lives, or died a short while ago. One that left in good
  /// order is no trouble.
  package func counts(_ thresholds: HealthThresholds) -> Bool {
    switch status {
    case .running, .shuttingDown: true
    case .stopped: false
    case .crashed: (endedAge ?? .max) <= thresholds.recentCrash
    }
  }

  /// The verdict on this worker.
  package func checked(_ thresholds: HealthThresholds) -> CheckedThing {
    let (level, message) = verdict(thresholds)
    return CheckedThing("worker/\(workerID)", level, message, evidence(thresholds))
  }

  private func verdict(_ thresholds: HealthThresholds) -> (HealthLevel, String) {
    let age = seconds(heartbeatAge)
    switch status {
    case .stopped: return (.unhealthy, "stopped \(seconds(endedAge ?? 0)) ago: \(statusReason)")
    case .crashed: return (.unhealthy, "crashed \(seconds(endedAge ?? 0)) ago: \(statusReason)")
    case .running, .shuttingDown: break
    }
    if heartbeatAge > thresholds.heartbeatTimeout {
      return (.unhealthy, "the last heartbeat is \(age) old: more than \(seconds(thresholds.heartbeatTimeout))")
    }
    if status == .shuttingDown {
      let tasks = activeWorkflows + activeActivities
      let work = tasks == 0 ? "no task is left" : tasks == 1 ? "1 task is left" : "\(tasks) tasks are left"
      return (.degraded, "it drains\(statusReason.isEmpty ? "" : " (\(statusReason))"): \(work)")
    }
    if heartbeatAge > thresholds.heartbeatWarning {
      return (.degraded, "the last heartbeat is \(age) old: more than \(seconds(thresholds.heartbeatWarning))")
    }
    return (.healthy, "the last heartbeat is \(age) old")
  }

  private func evidence(_ thresholds: HealthThresholds) -> [String: String] {
    var evidence = [
      "worker_id": workerID, "namespace": namespace, "status": status.name, "heartbeat_age_ms": "\(heartbeatAge)",
      "heartbeat_warning_ms": "\(thresholds.heartbeatWarning)",
      "heartbeat_timeout_ms": "\(thresholds.heartbeatTimeout)", "uptime_ms": "\(uptime)",
      "active_workflows": "\(activeWorkflows)", "active_activities": "\(activeActivities)", "hostname": hostname,
    ]
    evidence["status_reason"] = statusReason.isEmpty ? nil : statusReason
    evidence["ended_age_ms"] = endedAge.map { "\($0)" }
    return evidence
  }
}

/// All workers that count, each by itself and, first, in one line.
package func checkWorkers(
  _ workers: [WorkerFacts], _ thresholds: HealthThresholds, limit: Int
) -> [CheckedThing] {
  let counting = workers.filter { $0.counts(thresholds) }
  let findings = counting.map { $0.checked(thresholds) }
    .sorted { ($1.level, $0.subject) < ($0.level, $1.subject) }
  func count(_ level: HealthLevel) -> Int { findings.count { $0.level == level } }
  func count(_ status: WorkerStatus) -> Int { counting.count { $0.status == status } }
  let troubled = count(.degraded) + count(.unhealthy)
  let summary = CheckedThing(
    "workers", findings.worst,
    findings.isEmpty
      ? "no worker is registered"
      : troubled == 0 ? "all \(findings.count) are well" : "\(troubled) of \(findings.count) are not well",
    [
      "running": "\(count(.running))", "shutting_down": "\(count(.shuttingDown))",
      "crashed_recently": "\(count(.crashed))", "healthy": "\(count(.healthy))", "degraded": "\(count(.degraded))",
      "unhealthy": "\(count(.unhealthy))", "listed": "\(min(limit, findings.count))",
    ])
  return [summary] + findings.prefix(limit)
}

/// `4.2 s`, `3 min`, `2 h`.
package func seconds(_ milliseconds: Int64) -> String {
  switch milliseconds {
  case ..<10_000: "\(Double(max(0, milliseconds) / 100) / 10) s"
  case ..<300_000: "\(milliseconds / 1_000) s"
  case ..<7_200_000: "\(milliseconds / 60_000) min"
  default: "\(milliseconds / 3_600_000) h"
  }
}
