internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages

struct BatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Do one thing to every run that a filter chooses. Exit code 1 if it failed for some.",
    discussion: """
      Without --status the runs that the action can change are meant: open ones for cancel, terminate, pause and signal, paused \
      ones for resume, failed and timed-out ones for retry. Stop it with Ctrl-C: what was done stays done, and the same batch \
      again does the rest; signals want the same --request-id for that, so that no run gets a second one.
      """)

  enum Action: String, ExpressibleByArgument, CaseIterable {
    case cancel, terminate, pause, resume, retry, signal

    var message: BatchAction {
      switch self {
      case .cancel: .cancel
      case .terminate: .terminate
      case .pause: .pause
      case .resume: .resume
      case .retry: .retry
      case .signal: .signal
      }
    }
  }

  @Argument(help: "cancel, terminate, pause, resume, retry or signal.") var action: Action
  @OptionGroup var filter: FilterOptions
  @Flag(help: "Act on every run of the namespace: needed when there is no filter.") var all = false
  @Flag(help: "Only count the runs that would be changed.") var dryRun = false
  @Option(help: "Why; shown to operators.") var reason = ""
  @Option(help: "At most this many runs a second. Default: as fast as it goes") var maxPerSecond: UInt32?
  @Option(help: "For signal: the signal's name.") var signal = ""
  @Option(help: "For signal: its payload, as JSON.") var payload: String?
  @Option(help: "For signal: the same request id signals each run once. Default: a new one") var requestId: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = BatchRunsRequest(
      namespace: options.resolvedNamespace, filter: try filter.filter(), action: action.message, reason: reason,
      dryRun: dryRun, all: all, signalName: signal,
      payload: payload.map { Payload(data: Array($0.utf8), encoding: "json") }, maxPerSecond: maxPerSecond ?? 0,
      requestID: action == .signal ? requestId ?? UUID().uuidString.lowercased() : "")
    let last = try await options.withClient { client in
      var bar = ProgressBar(isShown: !options.json && !dryRun)
      var last = BatchRunsResponse()
      for try await progress in client.serverStreaming(WorkflowService.BatchRuns.self, request) {
        last = progress
        bar.show(done: Int(progress.done + progress.failed), total: Int(progress.total))
        if options.json { try JSON.printLine(json(progress)) }
      }
      bar.end()
      return last
    }
    if !options.json { summarize(last) }
    if last.failed > 0 || !last.finished { throw ExitCode.failure }
  }

  private func summarize(_ last: BatchRunsResponse) {
    for failure in last.failures { print("failed: \(failure)") }
    if last.failed > UInt64(last.failures.count) {
      print("failed: \(last.failed - UInt64(last.failures.count)) more")
    }
    if dryRun {
      print("\(action.rawValue) would change \(last.total) runs")
    } else {
      print("\(action.rawValue): \(last.done) done, \(last.failed) failed, of \(last.total)")
    }
  }

  private func json(_ progress: BatchRunsResponse) -> [String: Any] {
    [
      "total": Int(progress.total), "done": Int(progress.done), "failed": Int(progress.failed),
      "finished": progress.finished, "failures": progress.failures,
    ]
  }
}
