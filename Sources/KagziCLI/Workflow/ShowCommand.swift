internal import ArgumentParser
internal import GRPC
internal import Messages

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a run and its steps.")

  @OptionGroup var run: RunArgument
  @Flag(help: "Show inputs, outputs and progress of steps.") var payloads = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let (run, steps) = try await options.withClient { client in
      let run = try await self.run.load(client, options)
      return (run, try await StepsCommand.load(run.runID, client, options, payloads: payloads))
    }
    guard !options.json else {
      var object = JSON.run(run)
      object["steps"] = steps.map { JSON.step($0) }
      return try JSON.print(object)
    }
    let facts = [
      ("run id", run.runID), ("workflow id", run.workflowID),
      ("type", "\(run.workflowType) version \(run.workflowVersion)"), ("queue", run.taskQueue),
      ("status", Text.name(run.status) + (run.statusReason.isEmpty ? "" : ": \(run.statusReason)")),
      ("parent", run.parentRunID.isEmpty ? "-" : "\(run.parentRunID), its step \(run.parentStep)"),
      ("related run", run.relatedRunID.isEmpty ? "-" : run.relatedRunID),
      ("created", Text.time(run.createdAt)),
      (
        "closed",
        run.closedAt == nil
          ? "-" : "\(Text.time(run.closedAt)) after \(Text.duration(from: run.createdAt, to: run.closedAt))"
      ),
      ("input", Text.payload(run.input)), ("output", Text.payload(run.output)),
      ("failure", run.failure == nil ? "-" : Text.failure(run.failure)),
    ]
    // Few runs are children or continue others.
    for (name, value) in facts where !["parent", "related run"].contains(name) || value != "-" {
      print(name.padding(12) + value)
    }
    print("")
    StepsCommand.print(steps, payloads: payloads)
  }
}

extension String {
  /// The text, at least `width` characters long.
  func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
