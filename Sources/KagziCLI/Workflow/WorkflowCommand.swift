internal import ArgumentParser
internal import GRPC
internal import Messages

struct WorkflowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workflow", abstract: "Start, watch and steer runs.",
    subcommands: [
      StartCommand.self, WaitCommand.self, ShowCommand.self, ListCommand.self, CountCommand.self, StepsCommand.self,
      GroupsCommand.self,
      AttemptsCommand.self, WatchCommand.self, SignalCommand.self, CancelCommand.self, TerminateCommand.self,
      PauseCommand.self, ResumeCommand.self, RetryCommand.self, ForkCommand.self, ExplainCommand.self,
      BatchCommand.self,
    ])
}

/// Names one run: a run id, or the workflow id of the open run, else of the newest closed one.
struct RunArgument: ParsableArguments {
  @Argument(help: "A run id or a workflow id.") var run: String
  @Flag(help: "RUN is a workflow id, even if it looks like a run id.") var id = false

  /// A run id is a UUID in its text form.
  private var isRunID: Bool {
    let parts = run.split(separator: "-", omittingEmptySubsequences: false)
    return !id && parts.map(\.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }

  var runID: String { isRunID ? run : "" }
  var workflowID: String { isRunID ? "" : run }

  /// The run as it is now.
  func load(_ client: GRPCClient, _ options: ClientOptions) async throws -> Run {
    let request = GetRunRequest(namespace: options.resolvedNamespace, runID: runID, workflowID: workflowID)
    let response = try await client.unary(WorkflowService.GetRun.self, request, deadline: try options.deadline)
    return response.run ?? Run()
  }
}
