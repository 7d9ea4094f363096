internal import ArgumentParser
internal import GRPC
internal import Messages

struct CreateScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "create", abstract: "Create a schedule.")

  @OptionGroup var argument: ScheduleArgument
  @OptionGroup var definition: ScheduleOptions
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = CreateScheduleRequest(
      namespace: options.resolvedNamespace, scheduleID: argument.schedule, spec: try definition.spec())
    let response = try await options.call(ScheduleService.CreateSchedule.self, request)
    try (response.schedule ?? Schedule()).show(options)
  }
}

struct UpdateScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Replace a schedule's definition: what is not given has its default.")

  @OptionGroup var argument: ScheduleArgument
  @OptionGroup var definition: ScheduleOptions
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = UpdateScheduleRequest(
      namespace: options.resolvedNamespace, scheduleID: argument.schedule, spec: try definition.spec())
    let response = try await options.call(ScheduleService.UpdateSchedule.self, request)
    try (response.schedule ?? Schedule()).show(options)
  }
}

struct ShowScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a schedule with its next five occurrences, in UTC.")

  @OptionGroup var argument: ScheduleArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = GetScheduleRequest(namespace: options.resolvedNamespace, scheduleID: argument.schedule)
    try (try await options.call(ScheduleService.GetSchedule.self, request).schedule ?? Schedule()).show(options)
  }
}

struct ListSchedulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List schedules by id.")

  @OptionGroup var options: ClientOptions

  func run() async throws {
    let schedules = try await options.withClient { client in
      var schedules: [Schedule] = []
      var request = ListSchedulesRequest(namespace: options.resolvedNamespace, pageSize: 1_000)
      repeat {
        let page = try await client.unary(ScheduleService.ListSchedules.self, request, deadline: try options.deadline)
        schedules += page.schedules
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty
      return schedules
    }
    guard !options.json else { return try JSON.print(schedules.map { JSON.schedule($0) }) }
    var table = Table("schedule", "fires", "starts", "overlap", "next", "last", "note")
    for schedule in schedules {
      table.add(
        schedule.scheduleID, Text.timing(schedule.spec), schedule.spec?.start?.workflowType ?? "",
        Text.policy(schedule.spec?.overlapPolicy ?? .skip), schedule.paused ? "paused" : Text.time(schedule.nextAt),
        Text.time(schedule.lastAt), schedule.note)
    }
    table.print()
  }
}

struct DeleteScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a schedule; runs it started go on.")

  @OptionGroup var argument: ScheduleArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = DeleteScheduleRequest(namespace: options.resolvedNamespace, scheduleID: argument.schedule)
    _ = try await options.call(ScheduleService.DeleteSchedule.self, request)
    try options.tell(["scheduleId": argument.schedule], "schedule \(argument.schedule) is deleted")
  }
}

struct PauseScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop a schedule from firing; what passes meanwhile is not made up for.")

  @OptionGroup var argument: ScheduleArgument
  @Option(help: "Why; shown with the schedule.") var note = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = PauseScheduleRequest(
      namespace: options.resolvedNamespace, scheduleID: argument.schedule, note: note)
    _ = try await options.call(ScheduleService.PauseSchedule.self, request)
    try options.tell(["scheduleId": argument.schedule, "paused": true], "schedule \(argument.schedule) is paused")
  }
}

struct ResumeScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a paused schedule fire again.")

  @OptionGroup var argument: ScheduleArgument
  @Option(help: "A note; shown with the schedule.") var note = ""
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = ResumeScheduleRequest(
      namespace: options.resolvedNamespace, scheduleID: argument.schedule, note: note)
    _ = try await options.call(ScheduleService.ResumeSchedule.self, request)
    try options.tell(["scheduleId": argument.schedule, "paused": false], "schedule \(argument.schedule) fires again")
  }
}

extension ClientOptions {
  /// Says that something is done, to programs or to a person.
  fileprivate func tell(_ fields: [String: Any], _ sentence: String) throws {
    if json { try JSON.print(fields) } else { print(sentence) }
  }
}
