internal import ArgumentParser
internal import GRPC
internal import Messages

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say why a run does not move, what would move it, and when it wakes next.")

  @OptionGroup var run: RunArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.withClient { client in
      let request = ExplainRunRequest(
        namespace: options.resolvedNamespace, runID: try await run.load(client, options).runID)
      return try await client.unary(WorkflowService.ExplainRun.self, request, deadline: try options.deadline)
    }
    guard !options.json else {
      return try JSON.print([
        "runId": response.run?.runID ?? "", "status": Text.name(response.run?.status ?? .unspecified),
        "reasons": response.reasons, "remedies": response.remedies, "nextWakeAt": JSON.time(response.nextWakeAt),
      ])
    }
    print("run \(response.run?.runID ?? "") is \(Text.name(response.run?.status ?? .unspecified))")
    for reason in response.reasons { print("  - \(reason)") }
    if !response.remedies.isEmpty { print("what would move it:") }
    for remedy in response.remedies { print("  - \(remedy)") }
    if let wake = response.nextWakeAt { print("it wakes by itself at \(Text.rfc3339(wake))") }
  }
}
