package import Engine
internal import GRPC
package import Messages
internal import Store

extension Coordinator {
  internal func checkHealth(
    _ request: CheckHealthRequest, _ call: ServerCall, _ responder: consuming Responder<CheckHealthResponse>
  ) {
    responder.answer { [self] in try await health(request) }
  }

  /// Checks the database and, if it answers, everything that is kept in it. Answers within `healthCheckBound` or little more.
  package func health(_ request: CheckHealthRequest) async throws -> CheckHealthResponse {
    let thresholds = try thresholds(request)
    let database = await databaseHealth(thresholds)
    guard database.level < .unhealthy else { return CheckHealthResponse([database]) }
    do {
      let findings = try await bounded(by: limits.healthCheckBound) { [self] in
        request.workerID.isEmpty
          ? try await systemHealth(try checkedNamespace(request.namespace), thresholds)
          : try await workerHealth(request, thresholds)
      }
      return CheckHealthResponse([database] + findings)
    } catch let error as StoreError {
      return CheckHealthResponse([
        CheckedThing(
          "database", .unhealthy, "it answers, but the checks could not be read: \(error)",
          database.evidence.merging(["error": "\(error)"]) { $1 })
      ])
    }
  }

  /// One round trip to the database.
  package func databaseHealth(_ thresholds: HealthThresholds) async -> CheckedThing {
    let answer = await probe.check()
    return checkDatabase(milliseconds: answer.milliseconds, failure: answer.failure, thresholds)
  }

  private func workerHealth(
    _ request: CheckHealthRequest, _ thresholds: HealthThresholds
  ) async throws -> [CheckedThing] {
    let row = try await worker(request.workerID, in: try namespace(request.namespace))
    return [WorkerFacts(row, held: try await held(by: [row])[row.sessionID]).checked(thresholds)]
  }

  private func systemHealth(_ namespace: String?, _ thresholds: HealthThresholds) async throws -> [CheckedThing] {
    let rows = try await store.read(
      ListWorkers(namespace: namespace, statuses: [1, 2, 4], after: "", limit: 100_000))
    let held = try await held(by: rows)
    let workers = rows.map { WorkerFacts($0, held: held[$0.sessionID]) }
    var served: [TaskKey: Int] = [:]
    for row in rows where row.status == .running { for key in row.keys { served[key, default: 0] += 1 } }
    let waiting = try await store.read(CountReady(namespace: namespace, taskQueue: nil)).map {
      WaitingTasks(
        key: $0.key, ready: $0.count, oldestAge: $0.oldestAgeMilliseconds, liveWorkers: served[$0.key] ?? 0)
    }
    let paused = try await store.readScanning(CountOpenRunsByStatus(namespace: namespace)).filter {
      $0.status == .paused
    }
    return checkWorkers(workers, thresholds, limit: limits.maxFindings)
      + checkQueues(waiting, thresholds, limit: limits.maxFindings)
      + [
        checkPausedRuns(
          count: paused.reduce(0) { $0 + $1.count }, reason: paused.lazy.compactMap(\.reason).first,
          exampleRunID: paused.lazy.compactMap(\.exampleRunID).first)
      ]
  }

  /// Nil: every namespace.
  private func checkedNamespace(_ name: String) throws(Status) -> String? {
    name.isEmpty ? nil : try namespace(name)
  }

  private func thresholds(_ request: CheckHealthRequest) throws(Status) -> HealthThresholds {
    var thresholds = limits.health
    if let timeout = try positive(request.heartbeatTimeout, "heartbeat_timeout") {
      thresholds.heartbeatTimeout = timeout
    }
    if let warning = try positive(request.heartbeatWarning, "heartbeat_warning") {
      thresholds.heartbeatWarning = warning
    } else {
      thresholds.heartbeatWarning = min(thresholds.heartbeatWarning, thresholds.heartbeatTimeout)
    }
    guard thresholds.heartbeatWarning <= thresholds.heartbeatTimeout else {
      throw .invalid("heartbeat_warning", "must not be longer than heartbeat_timeout")
    }
    if let overdue = try positive(request.taskOverdue, "task_overdue") { thresholds.taskOverdue = overdue }
    return thresholds
  }
}

extension CheckHealthResponse {
  fileprivate init(_ checked: [CheckedThing]) {
    self.init(
      status: HealthStatus(rawValue: checked.worst.rawValue),
      findings: checked.map {
        HealthFinding(
          subject: $0.subject, status: HealthStatus(rawValue: $0.level.rawValue), message: $0.message,
          evidence: $0.evidence)
      })
  }
}
