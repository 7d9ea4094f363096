internal import Messages

/// One thing that was checked.
public struct HealthFinding: Sendable, Hashable {
  /// What: `database`, `worker/<id>`, `queue/<name>`, `runs`.
  public var subject: String
  /// How well it is.
  public var status: HealthStatus
  /// One sentence for a person.
  public var message: String
  /// The numbers behind it.
  public var evidence: [String: String]

  init(subject: String, status: HealthStatus, message: String, evidence: [String: String] = [:]) {
    self.subject = subject
    self.status = status
    self.message = message
    self.evidence = evidence
  }

  init(_ finding: Messages.HealthFinding) {
    self.init(
      subject: finding.subject, status: HealthStatus(finding.status), message: finding.message,
      evidence: finding.evidence)
  }
}

/// What a comprehensive check found: the database, every worker, every queue, parked runs.
public struct HealthReport: Sendable, Hashable {
  /// The worst of the findings.
  public var status: HealthStatus
  /// One finding a thing that was checked.
  public var findings: [HealthFinding]

  /// Whether everything works. What is only degraded, such as a worker that drains, is in `warnings`.
  public var isHealthy: Bool { status != .unhealthy }

  /// What does not work, one sentence each.
  public var errors: [String] { sentences(.unhealthy) }

  /// What works but should be looked at, one sentence each.
  public var warnings: [String] { sentences(.degraded) }

  private func sentences(_ status: HealthStatus) -> [String] {
    findings.filter { $0.status == status }.map { "\($0.subject): \($0.message)" }
  }
}

/// How well one worker is.
public struct WorkerHealth: Sendable, Hashable {
  /// The worker.
  public var workerID: String
  /// How well it is.
  public var status: HealthStatus
  /// How old its last heartbeat is.
  public var heartbeatAge: Duration?
  /// How long ago it registered.
  public var uptime: Duration?
  /// Workflow tasks it holds.
  public var activeWorkflows: Int
  /// One sentence for a person.
  public var message: String
}
