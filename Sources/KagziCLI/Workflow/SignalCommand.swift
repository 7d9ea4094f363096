internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages

struct SignalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signal", abstract: "Send a signal to an open run.",
    discussion: "To start the run if need be and signal it at once: kagzi workflow start --signal NAME.")

  @OptionGroup var run: RunArgument
  @Argument(help: "The signal's name.") var name: String
  @Option(help: "The payload as JSON; `-` reads standard input.") var payload: String?
  @Option(help: "The same request id signals the run once. Default: a new one") var requestId: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    var request = SignalWorkflowRequest()
    request.namespace = options.resolvedNamespace
    request.runID = run.runID
    request.workflowID = run.workflowID
    request.signalName = name
    request.payload = try PayloadText.read(payload, file: nil, "the payload")
    request.requestID = requestId ?? UUID().uuidString.lowercased()
    let response = try await options.call(WorkflowService.SignalWorkflow.self, request)
    if options.json { try JSON.print(["runId": response.runID]) } else { print("run \(response.runID) got '\(name)'") }
  }
}
