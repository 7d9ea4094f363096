internal import ArgumentParser
internal import GRPC
internal import Messages
internal import Server

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a run.")

  @Argument(help: "The workflow type.") var type: String
  @Option(help: "The input as JSON; `-` reads standard input.") var input: String?
  @Option(help: "A file with the input as JSON.") var inputFile: String?
  @Option(help: "The workflow id. Default: the run id.") var id: String?
  @Option(help: "An explicit version.") var version: UInt32?
  @Option(help: "The task queue. Default: default") var queue: String?
  @Option(help: "Higher is claimed first, -100 to 100.") var priority: Int32 = 0
  @Option(name: .customLong("tag"), help: "A label, key=value; may be repeated.") var tags: [String] = []
  @Option(help: "The same request id starts one run.") var requestId: String?
  @Option(help: "Close the run as TIMED_OUT after this long.") var runTimeout: String?
  @Option(help: "Hand the run out only after this long.") var startDelay: String?
  @Option(help: "When an open run has the id: fail, use-existing or terminate-existing.") var conflictPolicy = "fail"
  @Option(help: "Signal the run, too; an open run with the id is signalled instead of starting one.") var signal:
    String?
  @Option(help: "The signal's payload as JSON.") var signalPayload: String?
  @Flag(help: "Wait for the result.") var wait = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await start()
    if wait {
      var argument = RunArgument()
      argument.run = response.runID
      argument.id = false
      return try await WaitCommand.wait(argument, options, for: nil)
    }
    guard !options.json else {
      return try JSON.print([
        "runId": response.runID, "workflowId": response.workflowID, "workflowVersion": Int(response.workflowVersion),
        "started": response.started,
      ])
    }
    var table = Table("run id", "workflow id", "version", "started")
    table.add(
      response.runID, response.workflowID, "\(response.workflowVersion)", response.started ? "now" : "already there")
    table.print()
  }

  private func start() async throws -> StartWorkflowResponse {
    var start = try request()
    guard let signal else { return try await options.call(WorkflowService.StartWorkflow.self, start) }
    start.conflictPolicy = .useExisting
    var request = SignalWithStartRequest()
    request.start = start
    request.signalName = signal
    request.payload = try PayloadText.read(signalPayload, file: nil, "the signal's payload")
    request.requestID = requestId ?? ""
    let response = try await options.call(WorkflowService.SignalWithStart.self, request)
    let found = try await options.call(
      WorkflowService.GetRun.self, GetRunRequest(namespace: options.resolvedNamespace, runID: response.runID))
    return StartWorkflowResponse(
      runID: response.runID, workflowID: found.run?.workflowID ?? "", workflowVersion: found.run?.workflowVersion ?? 0,
      started: response.started)
  }

  private func request() throws -> StartWorkflowRequest {
    var request = StartWorkflowRequest()
    request.namespace = options.resolvedNamespace
    request.workflowID = id ?? ""
    request.workflowType = type
    request.workflowVersion = version
    request.taskQueue = queue ?? ""
    request.input = try PayloadText.read(input, file: inputFile, "the input")
    request.priority = priority
    request.requestID = requestId ?? ""
    request.tags = try Self.tags(tags)
    request.runTimeout = try duration(runTimeout, "--run-timeout")
    request.startDelay = try duration(startDelay, "--start-delay")
    switch conflictPolicy {
    case "fail": request.conflictPolicy = .fail
    case "use-existing": request.conflictPolicy = .useExisting
    case "terminate-existing": request.conflictPolicy = .terminateExisting
    default: throw Failed("--conflict-policy must be fail, use-existing or terminate-existing")
    }
    return request
  }

  private func duration(_ text: String?, _ name: String) throws -> ProtoDuration? {
    guard let text else { return nil }
    guard let duration = DurationText.parse(text) else {
      throw Failed("\(name) is '\(text)': it must be a duration such as 500ms, 30s or 5m")
    }
    let (seconds, attoseconds) = duration.components
    return ProtoDuration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }

  static func tags(_ texts: [String]) throws -> [String: String] {
    var tags: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "=") else { throw Failed("--tag is '\(text)': it must be key=value") }
      tags[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return tags
  }
}
