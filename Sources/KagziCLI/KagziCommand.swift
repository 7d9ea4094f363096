internal import ArgumentParser
internal import Services

/// `kagzi`: the coordinator, and its client on the command line.
@main
struct KagziCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kagzi", abstract: "A durable workflow coordinator on Postgres.", version: KagziVersion.current,
    subcommands: [
      DevCommand.self, ServerCommand.self, WorkflowCommand.self, TypeCommand.self, NamespaceCommand.self,
      ScheduleCommand.self, WorkerCommand.self, QueueCommand.self, HealthCommand.self, StatsCommand.self,
      VersionCommand.self,
    ])
}
