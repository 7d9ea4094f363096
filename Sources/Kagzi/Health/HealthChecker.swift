internal import FoundationEssentials
internal import Messages

/// Asks the coordinator how well the system is. The coordinator looks; this machine's clock does not matter.
///
///     let checker = HealthChecker(kagzi, HealthCheckConfig(heartbeatTimeoutSecs: 120, heartbeatWarningSecs: 60))
///     let report = try await checker.comprehensiveCheck()
///     if !report.isHealthy { print(report.errors) }
public struct HealthChecker: Sendable {
  private let client: Kagzi
  /// When a worker is no longer well.
  public let config: HealthCheckConfig

  public init(_ client: Kagzi, _ config: HealthCheckConfig = HealthCheckConfig()) {
    self.client = client
    self.config = config
  }

  /// A real round trip to the database. Throws `KagziError` with code `unavailable` if it does not answer.
  @discardableResult
  public func checkDatabaseHealth() async throws -> HealthFinding {
    let report = try await check()
    guard let finding = report.findings.first(where: { $0.subject == "database" }) else {
      throw KagziError(.other, "The coordinator says nothing of the database")
    }
    guard finding.status != .unhealthy else { throw KagziError(.unavailable, finding.message) }
    return finding
  }

  /// How well one worker is, whatever its status. Throws `KagziError` with code `notFound` if there is none of that id.
  public func checkWorkerHealth(_ workerID: String) async throws -> WorkerHealth {
    try await checkWorkerHealth(try await client.getWorker(workerID))
  }

  /// How well this worker is.
  public func checkWorkerHealth(_ worker: WorkerDescription) async throws -> WorkerHealth {
    let report = try await check(workerID: worker.workerID)
    guard let finding = report.findings.first(where: { $0.subject == "worker/\(worker.workerID)" }) else {
      throw KagziError(.notFound, "There is no worker \"\(worker.workerID)\"")
    }
    return WorkerHealth(worker, finding)
  }

  /// Database, every worker, queues, parked runs. A coordinator that cannot be reached is a report, too: an unhealthy one.
  public func comprehensiveCheck() async throws -> HealthReport {
    do {
      return try await check()
    } catch let error as KagziError where error.code == .unavailable || error.code == .timeout {
      let finding = HealthFinding(subject: "coordinator", status: .unhealthy, message: error.message)
      return HealthReport(status: .unhealthy, findings: [finding])
    }
  }

  private func check(workerID: String = "") async throws -> HealthReport {
    let request = config.request(namespace: client.namespace, workerID: workerID)
    let response = try await client.call(AdminService.CheckHealth.self, request, timeout: .seconds(15))
    return HealthReport(
      status: HealthStatus(response.status), findings: response.findings.map { HealthFinding($0) })
  }
}

extension WorkerHealth {
  fileprivate init(_ worker: WorkerDescription, _ finding: HealthFinding) {
    workerID = worker.workerID
    status = finding.status
    heartbeatAge = finding.milliseconds("heartbeat_age_ms") ?? worker.lastHeartbeatAt.map { .since($0) }
    uptime = finding.milliseconds("uptime_ms") ?? worker.registeredAt.map { .since($0) }
    activeWorkflows = finding.evidence["active_workflows"].flatMap { Int($0) } ?? worker.activeWorkflows
    message = finding.message
  }
}

extension HealthFinding {
  fileprivate func milliseconds(_ name: String) -> Duration? {
    evidence[name].flatMap { Int64($0) }.map { .milliseconds($0) }
  }
}

extension Duration {
  fileprivate static func since(_ date: Date) -> Duration { .seconds(max(Date().timeIntervalSince(date), 0)) }
}
