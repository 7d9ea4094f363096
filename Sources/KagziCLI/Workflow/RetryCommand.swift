internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Open a failed run again: its completed steps are kept, the others run again.")

  @OptionGroup var run: RunArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let runID = try await options.withClient { client in
      let runID = try await run.load(client, options).runID
      let request = RetryRunRequest(namespace: options.resolvedNamespace, runID: runID)
      return try await client.unary(WorkflowService.RetryRun.self, request, deadline: try options.deadline).runID
    }
    if options.json { try JSON.print(["runId": runID]) } else { print("run \(runID) is open again") }
  }
}

struct ForkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fork",
    abstract: "Start a new run from a step of another, with the completed steps before it taken over.")

  @OptionGroup var run: RunArgument
  @Option(help: "The first step that runs again.") var from: String
  @Option(help: "Another input, as JSON. Default: the run's own") var input: String?
  @Option(help: "The new run's workflow id. Default: its run id") var workflowID: String?
  @Option(help: "The new run's version. Default: the run's own") var version: UInt32?
  @Option(help: "The same request id forks once. Default: a new one") var requestId: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let runID = try await options.withClient { client in
      let request = ForkRunRequest(
        namespace: options.resolvedNamespace, runID: try await run.load(client, options).runID, fromStep: from,
        input: input.map { Payload(data: Array($0.utf8), encoding: "json") }, workflowID: workflowID ?? "",
        workflowVersion: version, requestID: requestId ?? UUID().uuidString.lowercased())
      return try await client.unary(WorkflowService.ForkRun.self, request, deadline: try options.deadline).runID
    }
    if options.json { try JSON.print(["runId": runID]) } else { print("run \(runID) is started") }
  }
}
