internal import ArgumentParser
internal import GRPC
internal import Messages
internal import Server

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Check the database, every worker and every queue.",
    discussion: """
      Exit code: 0 healthy or degraded (with --strict: healthy), 1 unhealthy (with --strict: or degraded), \
      2 the coordinator cannot be reached.
      """)

  @Option(help: "Check only this worker and the database.") var worker: String?
  @Option(help: "A worker is unhealthy when its heartbeat is older. Default: 120s") var heartbeatTimeout: String?
  @Option(help: "A worker is degraded when its heartbeat is older. Default: 60s") var heartbeatWarning: String?
  @Option(help: "A ready task is overdue when it waits longer. Default: 60s") var taskOverdue: String?
  @Flag(help: "Exit with 1 when degraded, too.") var strict = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await check()
    if options.json {
      try JSON.print([
        "status": Text.name(response.status), "findings": response.findings.map { JSON.finding($0) },
      ])
    } else {
      show(response)
    }
    let isWell = response.status == .healthy || (!strict && response.status == .degraded)
    guard isWell else { throw ExitCode(1) }
  }

  private func check() async throws -> CheckHealthResponse {
    let request = CheckHealthRequest(
      namespace: options.resolvedNamespace, heartbeatTimeout: try duration(heartbeatTimeout, "--heartbeat-timeout"),
      heartbeatWarning: try duration(heartbeatWarning, "--heartbeat-warning"), workerID: worker ?? "",
      taskOverdue: try duration(taskOverdue, "--task-overdue"))
    do {
      return try await options.call(AdminService.CheckHealth.self, request)
    } catch let failed as Failed where failed.isUnreachable {
      Terminal.complain(failed.description)
      throw ExitCode(2)
    }
  }

  private func duration(_ text: String?, _ option: String) throws -> ProtoDuration? {
    guard let text else { return nil }
    guard let duration = DurationText.parse(text) else {
      throw Failed("\(option) is '\(text)': it must be a duration such as 500ms, 30s or 5m")
    }
    let (seconds, attoseconds) = duration.components
    return ProtoDuration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }

  private func show(_ response: CheckHealthResponse) {
    print(Text.name(response.status))
    var table = Table("subject", "status", "what")
    for finding in response.findings { table.add(finding.subject, Text.name(finding.status), finding.message) }
    table.print()
  }
}
