internal import ArgumentParser
internal import Messages
internal import Server

/// A schedule's definition on the command line.
struct ScheduleOptions: ParsableArguments {
  @Option(help: "Cron: 5 fields, 6 with seconds first, or @daily and the like.") var cron: String?
  @Option(help: "Every so often, such as 30s or 6h; instead of --cron.") var every: String?
  @Option(help: "The IANA time zone of --cron. Default: UTC") var zone = ""
  @Option(help: "Delay each firing at random by up to this.") var jitter: String?
  @Option(help: "On overlap: skip, buffer-one, buffer-all, cancel-other or allow.") var overlap = "skip"
  @Option(help: "Make up for missed occurrences that are not older than this. Default: 1m") var catchUpWindow: String?
  @Option(help: "Make up for at most this many. Default: 100") var catchUpLimit: UInt32 = 0
  @Option(help: "The workflow type to start.") var type: String
  @Option(help: "The input as JSON; `-` reads standard input.") var input: String?
  @Option(help: "A file with the input as JSON.") var inputFile: String?
  @Option(help: "Workflow ids begin so. Default: the schedule's id") var idPrefix = ""
  @Option(help: "An explicit version.") var version: UInt32?
  @Option(help: "The task queue. Default: default") var queue = ""
  @Option(help: "Higher is claimed first, -100 to 100.") var priority: Int32 = 0
  @Option(name: .customLong("tag"), help: "A label, key=value; may be repeated.") var tags: [String] = []
  @Option(help: "Close runs as TIMED_OUT after this long.") var runTimeout: String?

  static let policies: [(name: String, policy: OverlapPolicy)] = [
    ("skip", .skip), ("buffer-one", .bufferOne), ("buffer-all", .bufferAll), ("cancel-other", .cancelOther),
    ("allow", .allow),
  ]

  func spec() throws -> ScheduleSpec {
    guard (cron == nil) != (every == nil) else { throw Failed("give --cron or --every") }
    guard let policy = Self.policies.first(where: { $0.name == overlap })?.policy else {
      throw Failed("--overlap must be \(Self.policies.map(\.name).joined(separator: ", "))")
    }
    var start = StartWorkflowRequest()
    start.workflowType = type
    start.workflowID = idPrefix
    start.workflowVersion = version
    start.taskQueue = queue
    start.input = try PayloadText.read(input, file: inputFile, "the input")
    start.priority = priority
    start.tags = try StartCommand.tags(tags)
    start.runTimeout = try Self.duration(runTimeout, "--run-timeout")
    return ScheduleSpec(
      timing: try cron.map { .cron($0) } ?? Self.duration(every, "--every").map { .interval($0) }, timeZone: zone,
      jitter: try Self.duration(jitter, "--jitter"), overlapPolicy: policy,
      catchUpWindow: try Self.duration(catchUpWindow, "--catch-up-window"), catchUpLimit: catchUpLimit, start: start)
  }

  private static func duration(_ text: String?, _ name: String) throws -> ProtoDuration? {
    guard let text else { return nil }
    guard let duration = DurationText.parse(text) else {
      throw Failed("\(name) is '\(text)': it must be a duration such as 500ms, 30s or 5m")
    }
    return ProtoDuration(duration)
  }
}
