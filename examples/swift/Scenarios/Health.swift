import Kagzi

/// How well the system is, while it works.
enum Health {
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("nap") { (ctx: WorkflowContext) in try await ctx.sleep("nap", .milliseconds(300)) }
    try await kagzi.working {
      let handle = try await kagzi.startWorkflow("nap")
      // snippet: health
      let checker = HealthChecker(kagzi, HealthCheckConfig(heartbeatTimeoutSecs: 120, heartbeatWarningSecs: 60))
      try await checker.checkDatabaseHealth()
      for worker in try await kagzi.getActiveWorkers() {
        let health = try await checker.checkWorkerHealth(worker)
        print("worker on \(worker.hostname) is \(health.status.rawValue): \(health.message)")
      }
      let report = try await checker.comprehensiveCheck()
      print(report.isHealthy ? "all is well" : "not well: \(report.errors.joined(separator: "; "))")
      // end snippet
      _ = try await handle.result()
    }
  }
}
