internal import ArgumentParser
internal import GRPC
internal import Messages

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Wait for a run's result.",
    discussion: "Prints the output of a completed run. Exit code 1 when it closed otherwise or the timeout came first.")

  @OptionGroup var run: RunArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    try await Self.wait(run, options, for: options.timeout == nil ? nil : try options.deadline)
  }

  /// Waits as long as it takes, or for `limit`; coordinators that stop meanwhile are asked again.
  static func wait(_ argument: RunArgument, _ options: ClientOptions, for limit: Duration?) async throws {
    let end = limit.map { ContinuousClock.now + $0 }
    try await options.withClient { client in
      while true {
        let left = end.map { $0 - .now } ?? .seconds(30)
        guard left > .zero else { throw Failed("the run is still open") }
        let wait = min(left, .seconds(30))
        let (seconds, attoseconds) = wait.components
        var request = WaitRunRequest()
        request.namespace = options.resolvedNamespace
        request.runID = argument.runID
        request.workflowID = argument.workflowID
        request.wait = ProtoDuration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
        let response = try await client.unary(
          WorkflowService.WaitRun.self, request, deadline: wait + .seconds(10), waitForReady: limit == nil)
        if response.closed, let run = response.run { return try show(run, options) }
      }
    }
  }

  private static func show(_ run: Run, _ options: ClientOptions) throws {
    if options.json {
      try JSON.print(JSON.run(run))
    } else if run.status == .completed {
      print(Text.payload(run.output))
    }
    guard run.status == .completed else {
      throw Failed("run \(run.runID) closed as \(Text.name(run.status)): \(Text.failure(run.failure))")
    }
  }
}
