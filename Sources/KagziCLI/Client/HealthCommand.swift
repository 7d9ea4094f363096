internal import ArgumentParser
internal import Messages

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Ask whether the coordinator serves. Exit code 0 if so, else 1.")

  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(HealthService.Check.self, HealthCheckRequest())
    let status = Text.name(response.status)
    if options.json { try JSON.print(["status": status]) } else { print(status) }
    guard response.status == .serving else { throw ExitCode.failure }
  }
}
