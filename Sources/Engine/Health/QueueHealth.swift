/// Tasks of one key that wait, and who could take them. Ages by the database's clock, in milliseconds.
package struct WaitingTasks: Sendable, Hashable {
  package var key: TaskKey
  package var ready: Int
  package var oldestAge: Int64
  /// Workers that run and registered the key's type and version on its queue.
  package var liveWorkers: Int

  package init(key: TaskKey, ready: Int, oldestAge: Int64, liveWorkers: Int) {
    self.key = key
    self.ready = ready
    self.oldestAge = oldestAge
    self.liveWorkers = liveWorkers
  }

  /// Nil: nothing is wrong with it.
  package func checked(_ thresholds: HealthThresholds) -> CheckedThing? {
    let isOverdue = oldestAge > thresholds.taskOverdue
    let what = "\(key.kind == .workflow ? "workflow" : "activity") \(key.type) version \(key.version)"
    let tasks = ready == 1 ? "1 task of \(what) is" : "\(ready) tasks of \(what) are"
    let age = seconds(oldestAge)
    let verdict: (HealthLevel, String)? =
      if liveWorkers == 0 {
        // A worker that is just starting, or being replaced, is no breakdown yet.
        (
          isOverdue ? .unhealthy : .degraded,
          "\(tasks) ready and no live worker serves them, the oldest for \(age): start a worker that registers it on this queue"
        )
      } else if isOverdue {
        (.degraded, "\(tasks) ready and the oldest has waited for \(age): more workers or slots are needed")
      } else {
        nil
      }
    return verdict.map { level, message in
      CheckedThing(
        "queue/\(key.queue)", level, message,
        [
          "namespace": key.namespace, "task_queue": key.queue,
          "kind": key.kind == .workflow ? "workflow" : "activity", "type": key.type, "version": "\(key.version)",
          "ready": "\(ready)", "oldest_ready_ms": "\(oldestAge)", "live_workers": "\(liveWorkers)",
          "task_overdue_ms": "\(thresholds.taskOverdue)",
        ])
    }
  }
}

/// All queues: first in one line, then each key that nobody serves or that waits too long.
package func checkQueues(
  _ waiting: [WaitingTasks], _ thresholds: HealthThresholds, limit: Int
) -> [CheckedThing] {
  let findings = waiting.compactMap { $0.checked(thresholds) }
    .sorted { ($1.level, $0.subject, $0.message) < ($0.level, $1.subject, $1.message) }
  let unserved = waiting.filter { $0.liveWorkers == 0 }.reduce(0) { $0 + $1.ready }
  let overdue = waiting.filter { $0.oldestAge > thresholds.taskOverdue }.reduce(0) { $0 + $1.ready }
  let ready = waiting.reduce(0) { $0 + $1.ready }
  let summary = CheckedThing(
    "queues", findings.worst,
    findings.isEmpty
      ? (ready == 0 ? "nothing waits" : "\(ready) ready tasks wait, all served in time")
      : findings.count == 1 ? "1 kind of task needs attention" : "\(findings.count) kinds of task need attention",
    [
      "ready": "\(ready)", "ready_without_worker": "\(unserved)", "ready_of_overdue_kinds": "\(overdue)",
      "oldest_ready_ms": "\(waiting.map(\.oldestAge).max() ?? 0)",
    ])
  return [summary] + findings.prefix(limit)
}

/// Runs that cannot go on without a person.
package func checkPausedRuns(count: Int, reason: String?, exampleRunID: RunID?) -> CheckedThing {
  guard count > 0 else { return CheckedThing("runs", .healthy, "no run is paused", ["paused": "0"]) }
  var evidence = ["paused": "\(count)"]
  evidence["example_run_id"] = exampleRunID?.description
  evidence["example_reason"] = reason
  let runs = count == 1 ? "1 run is" : "\(count) runs are"
  return CheckedThing(
    "runs", .degraded, "\(runs) paused until somebody resumes: \(reason ?? "no reason given")", evidence)
}

/// One round trip to the database, or what went wrong with it.
package func checkDatabase(milliseconds: Int64, failure: String?, _ thresholds: HealthThresholds) -> CheckedThing {
  let evidence = ["round_trip_ms": "\(milliseconds)", "slow_ms": "\(thresholds.slowDatabase)"]
  if let failure {
    return CheckedThing(
      "database", .unhealthy, "it did not answer: \(failure)", evidence.merging(["error": failure]) { $1 })
  }
  guard milliseconds <= thresholds.slowDatabase else {
    return CheckedThing("database", .degraded, "it answers slowly: a round trip took \(milliseconds) ms", evidence)
  }
  return CheckedThing("database", .healthy, "a round trip took \(milliseconds) ms", evidence)
}
