internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Print each change of a run as it happens, until it closes.")

  @OptionGroup var run: RunArgument
  @Option(help: "Only changes after this sequence number.") var after: UInt64 = 0
  @OptionGroup var options: ClientOptions

  func run() async throws {
    try await options.withClient { client in
      var request = WatchRunRequest()
      request.namespace = options.resolvedNamespace
      request.runID = run.runID
      request.workflowID = run.workflowID
      request.afterSequence = after
      for try await change in client.serverStreaming(WorkflowService.WatchRun.self, request) {
        if options.json { try JSON.printLine(json(change)) } else { print(line(change)) }
        fflush(nil)
      }
    }
  }

  private func line(_ change: WatchRunResponse) -> String {
    let head = "\(Text.time(change.at))  \("\(change.sequence)".padding(5))"
    switch change.change {
    case .run(let run):
      let end = run.status == .completed ? Text.payload(run.output) : Text.failure(run.failure)
      return head + "run \(Text.name(run.status)) \(end == "-" ? "" : end)"
    case .stepScheduled(let step): return head + "step \(step.key) scheduled"
    case .attemptFailed(let attempt):
      return head + "step \(attempt.step) attempt \(attempt.attempt) failed: \(Text.failure(attempt.failure))"
    case .stepSettled(let step): return head + "step \(step.key) \(Text.name(step.state)) \(Text.failure(step.failure))"
    case nil: return head
    }
  }

  private func json(_ change: WatchRunResponse) -> [String: Any] {
    var object: [String: Any] = ["sequence": Int(change.sequence), "at": JSON.time(change.at)]
    switch change.change {
    case .run(let run): object["run"] = JSON.run(run)
    case .stepScheduled(let step): object["stepScheduled"] = JSON.step(step)
    case .attemptFailed(let attempt): object["attemptFailed"] = JSON.attempt(attempt)
    case .stepSettled(let step): object["stepSettled"] = JSON.step(step)
    case nil: break
    }
    return object
  }
}
