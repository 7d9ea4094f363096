internal import ArgumentParser
internal import GRPC
internal import Messages

struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "Look at task queues: what waits, since when, who serves it.",
    subcommands: [QueueListCommand.self, QueueShowCommand.self])
}

struct QueueListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List queues where something waits, is held, or could be taken.")

  @Flag(help: "Only tasks that are ready and that no live worker serves.") var unserved = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(
      AdminService.ListQueues.self, ListQueuesRequest(namespace: options.resolvedNamespace))
    let queues = response.queues.compactMap { queue in
      guard unserved else { return queue }
      let entries = queue.entries.filter { $0.ready > 0 && $0.liveWorkers == 0 }
      return entries.isEmpty ? nil : Queue(taskQueue: queue.taskQueue, entries: entries)
    }
    guard !options.json else { return try JSON.print(queues.map { JSON.queue($0) }) }
    Table(queues).print()
  }
}

struct QueueShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one queue.")

  @Argument(help: "The queue. Default: default") var queue: String = "default"
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(
      AdminService.DescribeQueue.self,
      DescribeQueueRequest(namespace: options.resolvedNamespace, taskQueue: queue))
    let queue = response.queue ?? Queue()
    guard !options.json else { return try JSON.print(JSON.queue(queue)) }
    guard !queue.entries.isEmpty else { return print("nothing waits in '\(queue.taskQueue)' and nobody serves it") }
    Table([queue]).print()
  }
}

extension Table {
  /// A line for each kind of task.
  fileprivate init(_ queues: [Queue]) {
    self.init("queue", "kind", "type", "ready", "held", "oldest since", "live workers")
    for queue in queues {
      for entry in queue.entries {
        add(
          queue.taskQueue, entry.kind, "\(entry.type?.type ?? "") v\(entry.type?.version ?? 1)", "\(entry.ready)",
          "\(entry.leased)", Text.time(entry.oldestReadyAt), "\(entry.liveWorkers)")
      }
    }
  }
}
