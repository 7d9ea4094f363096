internal import ArgumentParser
internal import GRPC
internal import Messages

struct StepsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "steps", abstract: "List a run's steps.")

  @OptionGroup var run: RunArgument
  @Flag(help: "Show inputs, outputs and progress.") var payloads = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let steps = try await options.withClient { client in
      try await Self.load(try await run.load(client, options).runID, client, options, payloads: payloads)
    }
    if options.json { try JSON.print(steps.map { JSON.step($0) }) } else { Self.print(steps, payloads: payloads) }
  }

  static func load(
    _ runID: String, _ client: GRPCClient, _ options: ClientOptions, payloads: Bool
  ) async throws -> [Step] {
    var steps: [Step] = []
    var request = ListStepsRequest(
      namespace: options.resolvedNamespace, runID: runID, includePayloads: payloads || options.json, pageSize: 500)
    repeat {
      let page = try await client.unary(WorkflowService.ListSteps.self, request, deadline: try options.deadline)
      steps += page.steps
      request.pageToken = page.nextPageToken
    } while !request.pageToken.isEmpty
    return steps
  }

  static func print(_ steps: [Step], payloads: Bool) {
    var table = Table("step", "kind", "state", "attempt", "took", payloads ? "output or failure" : "failure")
    for step in steps {
      let detail = step.failure == nil ? (payloads ? Text.payload(step.output) : "") : Text.failure(step.failure)
      let what = [step.activityType, step.signalName, step.childRunID].first { !$0.isEmpty }
      let kind = Text.name(step.kind) + (what.map { " \($0)" } ?? "")
      table.add(
        step.key, kind, Text.name(step.state), "\(step.attempt)",
        Text.duration(from: step.startedAt ?? step.scheduledAt, to: step.settledAt), detail)
    }
    table.print()
  }
}
