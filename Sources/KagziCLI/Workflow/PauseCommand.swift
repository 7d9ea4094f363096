internal import ArgumentParser
internal import GRPC
internal import Messages

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Park a run: nothing of it is handed out until it is resumed.")

  @OptionGroup var run: RunArgument
  @Option(help: "Why; shown to operators.") var reason = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let runID = try await options.withClient { client in
      let runID = try await run.load(client, options).runID
      let request = PauseRunRequest(namespace: options.resolvedNamespace, runID: runID, reason: reason)
      return try await client.unary(WorkflowService.PauseRun.self, request, deadline: try options.deadline).runID
    }
    if options.json { try JSON.print(["runId": runID]) } else { print("run \(runID) is paused") }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a paused run go on, one that was parked too.")

  @OptionGroup var run: RunArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let runID = try await options.withClient { client in
      let runID = try await run.load(client, options).runID
      let request = ResumeRunRequest(namespace: options.resolvedNamespace, runID: runID)
      return try await client.unary(WorkflowService.ResumeRun.self, request, deadline: try options.deadline).runID
    }
    if options.json { try JSON.print(["runId": runID]) } else { print("run \(runID) goes on") }
  }
}
