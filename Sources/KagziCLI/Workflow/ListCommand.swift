internal import ArgumentParser
internal import GRPC
internal import Messages

/// Chooses runs.
struct FilterOptions: ParsableArguments {
  @Option(name: .customLong("status"), help: "A status such as RUNNING; may be repeated.") var statuses: [String] = []
  @Option(help: "The workflow type.") var type: String?
  @Option(help: "The version.") var version: UInt32?
  @Option(help: "Workflow ids that begin so.") var idPrefix: String?
  @Option(help: "The task queue.") var queue: String?
  @Option(name: .customLong("tag"), help: "A label, key=value; may be repeated.") var tags: [String] = []
  @Option(help: "Children of this run.") var parent: String?

  func filter() throws -> RunFilter {
    var filter = RunFilter()
    for name in statuses {
      guard let status = RunStatus.declared.first(where: { Text.name($0) == name.uppercased() }) else {
        throw Failed(
          "--status is '\(name)': it must be one of \(RunStatus.declared.dropFirst().map { Text.name($0) }.joined(separator: ", "))"
        )
      }
      filter.statuses.append(status)
    }
    filter.workflowType = type ?? ""
    filter.workflowVersion = version
    filter.workflowIDPrefix = idPrefix ?? ""
    filter.taskQueue = queue ?? ""
    filter.parentRunID = parent ?? ""
    filter.tags = try StartCommand.tags(tags)
    return filter
  }
}

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List runs, newest first.")

  @OptionGroup var filter: FilterOptions
  @Option(help: "At most this many. Default: 20") var limit = 20
  @Flag(help: "List all.") var all = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let filter = try filter.filter()
    let runs = try await options.withClient { client in
      var runs: [Run] = []
      var request = ListRunsRequest(namespace: options.resolvedNamespace, filter: filter)
      repeat {
        request.pageSize = UInt32(all ? 1_000 : min(1_000, max(1, limit - runs.count)))
        let page = try await client.unary(WorkflowService.ListRuns.self, request, deadline: try options.deadline)
        runs += page.runs
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty && (all || runs.count < limit)
      return runs
    }
    guard !options.json else { return try JSON.print(runs.map { JSON.run($0) }) }
    var table = Table("run id", "workflow id", "type", "status", "created", "took")
    for run in runs {
      table.add(
        run.runID, run.workflowID, "\(run.workflowType) v\(run.workflowVersion)", Text.name(run.status),
        Text.time(run.createdAt), Text.duration(from: run.createdAt, to: run.closedAt))
    }
    table.print()
  }
}

struct CountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "count", abstract: "Count runs by status.")

  @OptionGroup var filter: FilterOptions
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(
      WorkflowService.CountRuns.self,
      CountRunsRequest(namespace: options.resolvedNamespace, filter: try filter.filter()))
    guard !options.json else {
      let counts = Dictionary(response.counts.map { (Text.name($0.status), Int($0.count)) }, uniquingKeysWith: +)
      return try JSON.print(["total": Int(response.total), "counts": counts])
    }
    var table = Table("status", "runs")
    for count in response.counts { table.add(Text.name(count.status), "\(count.count)") }
    table.add("all", "\(response.total)")
    table.print()
  }
}
