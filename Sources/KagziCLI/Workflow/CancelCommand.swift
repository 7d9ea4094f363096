internal import ArgumentParser
internal import Messages

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Ask a run to cancel; its cleanup still runs.")

  @OptionGroup var run: RunArgument
  @Option(help: "Why; shown to the code and to operators.") var reason = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    var request = CancelRunRequest()
    request.namespace = options.resolvedNamespace
    request.runID = run.runID
    request.workflowID = run.workflowID
    request.reason = reason
    let response = try await options.call(WorkflowService.CancelRun.self, request)
    if options.json {
      try JSON.print(["runId": response.runID])
    } else {
      print("run \(response.runID) is asked to cancel")
    }
  }
}

struct TerminateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "terminate", abstract: "Close a run now, without running any more of its code.")

  @OptionGroup var run: RunArgument
  @Option(help: "Why; shown to operators.") var reason = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    var request = TerminateRunRequest()
    request.namespace = options.resolvedNamespace
    request.runID = run.runID
    request.workflowID = run.workflowID
    request.reason = reason
    let response = try await options.call(WorkflowService.TerminateRun.self, request)
    if options.json { try JSON.print(["runId": response.runID]) } else { print("run \(response.runID) is terminated") }
  }
}
