import Engine
import Testing

@Suite("Health is judged by thresholds, without a database")
struct HealthTests {
  private let thresholds = HealthThresholds()

  private func worker(
    _ status: WorkerStatus = .running, age: Int64 = 0, endedAge: Int64? = nil
  ) -> WorkerFacts {
    WorkerFacts(
      workerID: "w", namespace: "default", status: status, statusReason: "because", heartbeatAge: age, uptime: 1,
      endedAge: endedAge)
  }

  @Test(
    "checklist 21: heartbeat age against 120 s and 60 s, by status",
    arguments: [
      (WorkerStatus.running, 0, HealthLevel.healthy), (.running, 60_000, .healthy), (.running, 60_001, .degraded),
      (.running, 120_000, .degraded), (.running, 120_001, .unhealthy), (.shuttingDown, 0, .degraded),
      (.shuttingDown, 120_001, .unhealthy), (.stopped, 0, .unhealthy), (.crashed, 0, .unhealthy),
    ] as [(WorkerStatus, Int64, HealthLevel)])
  func worker(status: WorkerStatus, age: Int64, level: HealthLevel) {
    let checked = worker(status, age: age, endedAge: status.isLive ? nil : 5).checked(thresholds)
    #expect(checked.level == level)
    #expect(checked.subject == "worker/w" && !checked.message.isEmpty)
    #expect(checked.evidence["heartbeat_age_ms"] == "\(age)" && checked.evidence["status"] == status.name)
  }

  @Test("checklist 21: a stopped worker is no trouble of the system, a crash is for ten minutes")
  func counting() {
    #expect(!worker(.stopped, endedAge: 0).counts(thresholds))
    #expect(worker(.crashed, endedAge: 600_000).counts(thresholds))
    #expect(!worker(.crashed, endedAge: 600_001).counts(thresholds))
    let checked = checkWorkers(
      [worker(.stopped, endedAge: 0), worker(.crashed, endedAge: 1), worker(), worker(age: 61_000)], thresholds,
      limit: 2)
    #expect(checked.map(\.level) == [.unhealthy, .unhealthy, .degraded])
    #expect(checked[0].subject == "workers" && checked[0].evidence["healthy"] == "1")
    #expect(checked[0].evidence["crashed_recently"] == "1" && checked[0].evidence["running"] == "2")
  }

  @Test(
    "checklist 21: ready tasks by who serves them and how long they wait",
    arguments: [
      (1, 0, HealthLevel?.none), (1, 60_000, nil), (1, 60_001, .degraded), (0, 0, .degraded), (0, 60_001, .unhealthy),
    ] as [(Int, Int64, HealthLevel?)])
  func queue(workers: Int, age: Int64, level: HealthLevel?) {
    let key = TaskKey(kind: .activity, namespace: "n", queue: "q", type: "t", version: 3)
    let waiting = WaitingTasks(key: key, ready: 5, oldestAge: age, liveWorkers: workers)
    #expect(waiting.checked(thresholds)?.level == level)
    let checked = checkQueues([waiting], thresholds, limit: 10)
    #expect(checked.count == (level == nil ? 1 : 2))
    #expect(checked[0].level == level ?? .healthy)
    #expect(checked[0].evidence["ready_without_worker"] == (workers == 0 ? "5" : "0"))
    if level != nil { #expect(checked[1].subject == "queue/q" && checked[1].evidence["kind"] == "activity") }
  }

  @Test("checklist 21: the database by its round trip")
  func database() {
    #expect(checkDatabase(milliseconds: 1_000, failure: nil, thresholds).level == .healthy)
    #expect(checkDatabase(milliseconds: 1_001, failure: nil, thresholds).level == .degraded)
    let away = checkDatabase(milliseconds: 5_000, failure: "refused", thresholds)
    #expect(away.level == .unhealthy && away.evidence["error"] == "refused" && away.message.contains("refused"))
  }

  @Test("checklist 21: paused runs are worth a look")
  func runs() {
    #expect(checkPausedRuns(count: 0, reason: nil, exampleRunID: nil).level == .healthy)
    let paused = checkPausedRuns(count: 2, reason: "lost ten times", exampleRunID: RunID(high: 1, low: 2))
    #expect(paused.level == .degraded && paused.message.contains("lost ten times"))
    #expect(paused.evidence["example_run_id"] == RunID(high: 1, low: 2).description)
  }

  @Test("the worst of nothing is healthy")
  func worst() { #expect([CheckedThing]().worst == .healthy) }

  @Test(
    "durations for people",
    arguments: [(-5, "0.0 s"), (1_250, "1.2 s"), (59_000, "59 s"), (600_000, "10 min"), (7_200_000, "2 h")]
      as [(Int64, String)])
  func durations(milliseconds: Int64, text: String) { #expect(seconds(milliseconds) == text) }
}
