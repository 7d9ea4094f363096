internal import ArgumentParser
internal import GRPC
internal import Messages

struct AttemptsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attempts", abstract: "List the attempts of a run's steps.")

  @OptionGroup var run: RunArgument
  @Option(help: "Only this step.") var step: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let attempts = try await options.withClient { client in
      var attempts: [StepAttempt] = []
      var request = ListStepAttemptsRequest(
        namespace: options.resolvedNamespace, runID: try await run.load(client, options).runID, step: step ?? "",
        pageSize: 500)
      repeat {
        let page = try await client.unary(
          WorkflowService.ListStepAttempts.self, request, deadline: try options.deadline)
        attempts += page.attempts
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty
      return attempts
    }
    guard !options.json else { return try JSON.print(attempts.map { JSON.attempt($0) }) }
    var table = Table("step", "attempt", "worker", "started", "took", "failure")
    for attempt in attempts {
      table.add(
        attempt.step.isEmpty ? "(run)" : attempt.step, "\(attempt.attempt)",
        attempt.workerID.isEmpty ? "-" : attempt.workerID,
        Text.time(attempt.startedAt), Text.duration(from: attempt.startedAt, to: attempt.endedAt),
        Text.failure(attempt.failure))
    }
    table.print()
  }
}
