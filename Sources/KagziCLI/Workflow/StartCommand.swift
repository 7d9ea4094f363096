internal import ArgumentParser
internal import Foundation
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
  @Flag(help: "Wait for the result.") var wait = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = try request()
    let response = try await options.call(WorkflowService.StartWorkflow.self, request)
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

  private func request() throws -> StartWorkflowRequest {
    var request = StartWorkflowRequest()
    request.namespace = options.resolvedNamespace
    request.workflowID = id ?? ""
    request.workflowType = type
    request.workflowVersion = version
    request.taskQueue = queue ?? ""
    request.input = try payload()
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

  private func payload() throws -> Payload? {
    var data: Data?
    if let inputFile {
      guard let contents = FileManager.default.contents(atPath: inputFile) else {
        throw Failed("the file \(inputFile) cannot be read")
      }
      data = contents
    } else if input == "-" {
      data = FileHandle.standardInput.readDataToEndOfFile()
    } else if let input {
      data = Data(input.utf8)
    }
    guard let data else { return nil }
    guard (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil else {
      throw Failed("the input is not valid JSON")
    }
    return Payload(data: Array(data), encoding: "json")
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
