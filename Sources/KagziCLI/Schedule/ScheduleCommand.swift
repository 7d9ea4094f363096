internal import ArgumentParser
internal import Messages

struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Start runs by the calendar.",
    subcommands: [
      CreateScheduleCommand.self, ListSchedulesCommand.self, ShowScheduleCommand.self, UpdateScheduleCommand.self,
      DeleteScheduleCommand.self, PauseScheduleCommand.self, ResumeScheduleCommand.self, TriggerScheduleCommand.self,
      BackfillScheduleCommand.self, FiringsCommand.self,
    ])
}

/// Names one schedule.
struct ScheduleArgument: ParsableArguments {
  @Argument(help: "The schedule's id.") var schedule: String
}
