internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Glibc
internal import Messages

struct MoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move", abstract: "Move open runs of a workflow type to another version.",
    discussion: "Runs whose recorded steps do not fit the other version stay and are listed; then the exit code is 1.")

  @Argument(help: "The workflow type.") var type: String
  @Option(help: "The version that the runs have.") var from: UInt32
  @Option(help: "The version that they get.") var to: UInt32
  @Flag(help: "Change nothing, only say what would happen.") var dryRun = false
  @Option(help: "Only runs whose workflow id begins so.") var idPrefix: String?
  @Option(help: "Only runs of this task queue.") var queue: String?
  @Option(name: .customLong("tag"), help: "Only runs with this label, key=value; may be repeated.") var tags: [String] =
    []
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let filter = RunFilter(
      workflowIDPrefix: idPrefix ?? "", taskQueue: queue ?? "", tags: try StartCommand.tags(tags))
    let request = MoveRunsRequest(
      namespace: options.resolvedNamespace, workflowType: type, fromVersion: from, toVersion: to, filter: filter,
      dryRun: dryRun)
    let showsProgress = !options.json && isatty(STDERR_FILENO) == 1
    let last = try await options.withClient { client in
      var last = MoveRunsResponse()
      for try await progress in client.serverStreaming(RegistryService.MoveRuns.self, request) {
        last = progress
        if showsProgress { tell("\r\(Self.line(progress, dryRun: dryRun))\u{1B}[K") }
      }
      return last
    }
    if showsProgress { tell("\r\u{1B}[K") }
    if options.json {
      try JSON.print([
        "total": Int(last.total), "moved": Int(last.moved), "conflicts": last.conflicts, "dryRun": dryRun,
      ])
    } else {
      print(Self.line(last, dryRun: dryRun))
      for conflict in last.conflicts { print("  stays: \(conflict)") }
    }
    guard last.conflicts.isEmpty else { throw ExitCode.failure }
  }

  private static func line(_ progress: MoveRunsResponse, dryRun: Bool) -> String {
    "\(progress.moved) of \(progress.total) open runs \(dryRun ? "could be moved" : "moved")"
  }

  private func tell(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
