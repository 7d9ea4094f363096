internal import ArgumentParser
internal import GRPC
internal import Messages
internal import Server

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Look at workers and drain them.",
    subcommands: [
      WorkerListCommand.self, WorkerShowCommand.self, WorkerEventsCommand.self, WorkerDrainCommand.self,
    ])
}

struct WorkerListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List workers: those that run or drain, unless told otherwise.")

  @Option(name: .customLong("status"), help: "RUNNING, SHUTTING_DOWN, STOPPED or CRASHED; may be repeated.")
  var statuses: [String] = []
  @Flag(help: "List stopped and crashed workers, too.") var all = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let statuses = try wanted()
    let workers = try await options.withClient { client in
      var workers: [Worker] = []
      var request = ListWorkersRequest(namespace: options.resolvedNamespace, statuses: statuses, pageSize: 500)
      repeat {
        let page = try await client.unary(AdminService.ListWorkers.self, request, deadline: try options.deadline)
        workers += page.workers
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty
      return workers
    }
    guard !options.json else { return try JSON.print(workers.map { JSON.worker($0) }) }
    var table = Table("worker", "status", "queues", "workflows", "activities", "host", "sdk", "last beat")
    for worker in workers {
      table.add(
        worker.workerID, Text.name(worker.status), worker.taskQueues.joined(separator: ","),
        "\(worker.activeWorkflows)/\(worker.workflowSlots)", "\(worker.activeActivities)/\(worker.activitySlots)",
        worker.hostname.isEmpty ? "-" : worker.hostname, "\(worker.sdkName) \(worker.sdkVersion)",
        Text.time(worker.lastBeatAt))
    }
    table.print()
  }

  private func wanted() throws -> [WorkerStatus] {
    if statuses.isEmpty { return all ? [] : [.running, .shuttingDown] }
    return try statuses.map { name in
      guard let status = WorkerStatus.declared.dropFirst().first(where: { Text.name($0) == name.uppercased() }) else {
        let names = WorkerStatus.declared.dropFirst().map { Text.name($0) }.joined(separator: ", ")
        throw Failed("--status is '\(name)': it must be one of \(names)")
      }
      return status
    }
  }
}

struct WorkerShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one worker.")

  @Argument(help: "The worker's id.") var worker: String
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(
      AdminService.GetWorker.self, GetWorkerRequest(namespace: options.resolvedNamespace, workerID: worker))
    let worker = response.worker ?? Worker()
    guard !options.json else { return try JSON.print(JSON.worker(worker)) }
    let reason = worker.statusReason.isEmpty ? "" : ": \(worker.statusReason)"
    let facts = [
      ("worker", worker.workerID), ("status", Text.name(worker.status) + reason), ("session", worker.sessionID),
      ("queues", worker.taskQueues.joined(separator: ", ")), ("workflows", Text.versions(worker.workflows)),
      ("activities", Text.versions(worker.activities)),
      (
        "holds",
        "\(worker.activeWorkflows) of \(worker.workflowSlots) workflow tasks, \(worker.activeActivities) of \(worker.activitySlots) activities"
      ),
      ("host", "\(worker.hostname), process \(worker.pid)"), ("SDK", "\(worker.sdkName) \(worker.sdkVersion)"),
      ("labels", worker.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")),
      ("registered", Text.time(worker.registeredAt)), ("last beat", Text.time(worker.lastBeatAt)),
      ("lease until", Text.time(worker.leaseExpiresAt)), ("ended", Text.time(worker.endedAt)),
    ]
    for (name, value) in facts where !value.isEmpty { print(name.padding(12) + value) }
  }
}

struct WorkerEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "List what happened to workers, newest first.",
    discussion: "With a worker's id its tasks are listed, too: those of the newest runs.")

  @Argument(help: "The worker's id. Default: all workers.") var worker: String?
  @Option(help: "At most this many. Default: 50") var limit = 50
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let events = try await options.withClient { client in
      var events: [WorkerEvent] = []
      var request = ListWorkerEventsRequest(namespace: options.resolvedNamespace, workerID: worker ?? "")
      repeat {
        request.pageSize = UInt32(min(1_000, max(1, limit - events.count)))
        let page = try await client.unary(AdminService.ListWorkerEvents.self, request, deadline: try options.deadline)
        events += page.events
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty && events.count < limit
      return events
    }
    guard !options.json else { return try JSON.print(events.map { JSON.workerEvent($0) }) }
    var table = Table("at", "worker", "event", "what")
    for event in events { table.add(Text.time(event.at), event.workerID, event.kind, event.message) }
    table.print()
  }
}

struct WorkerDrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Tell a worker to take no new tasks, finish what runs, and leave.")

  @Argument(help: "The worker's id.") var worker: String
  @Option(
    name: .customLong("give-back-after"),
    help: "Tasks that run longer are given back: 30s, 5m, 0s. Default: the worker's own setting.")
  var giveBackAfter: String?
  @Option(help: "Why, for the worker's events.") var reason = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    var request = DrainWorkerRequest(namespace: options.resolvedNamespace, workerID: worker, reason: reason)
    if let giveBackAfter {
      guard let duration = DurationText.parse(giveBackAfter) else {
        throw Failed("--give-back-after is '\(giveBackAfter)': it must be a duration such as 0s, 30s or 5m")
      }
      let (seconds, attoseconds) = duration.components
      request.timeout = ProtoDuration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
    }
    _ = try await options.call(AdminService.DrainWorker.self, request)
    if options.json { try JSON.print(["worker": worker, "draining": true]) } else { print("\(worker) drains") }
  }
}
