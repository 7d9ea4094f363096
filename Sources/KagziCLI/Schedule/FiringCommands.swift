internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages

struct TriggerScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trigger",
    abstract: "Fire a schedule now, paused or not; where occurrences wait for the open run, this one does, too.")

  @OptionGroup var argument: ScheduleArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = TriggerScheduleRequest(namespace: options.resolvedNamespace, scheduleID: argument.schedule)
    let runID = try await options.call(ScheduleService.TriggerSchedule.self, request).runID
    if options.json {
      try JSON.print(["runId": runID])
    } else {
      print(runID.isEmpty ? "it waits for the open run to end" : "run \(runID) is started")
    }
  }
}

struct BackfillScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backfill", abstract: "Fire the occurrences of a past span, each once.")

  @OptionGroup var argument: ScheduleArgument
  @Option(help: "From this time on, such as 2026-03-29T00:00:00Z.") var from: String
  @Option(help: "Up to this time, included.") var until: String
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = BackfillScheduleRequest(
      namespace: options.resolvedNamespace, scheduleID: argument.schedule, from: try Self.time(from, "--from"),
      until: try Self.time(until, "--until"))
    let fired = try await options.call(ScheduleService.BackfillSchedule.self, request).fired
    if options.json { try JSON.print(["fired": Int(fired)]) } else { print("\(fired) occurrences are fired") }
  }

  static func time(_ text: String, _ name: String) throws -> Timestamp {
    guard let date = try? Date.ISO8601FormatStyle().parse(text) else {
      throw Failed("\(name) is '\(text)': it must be a time such as 2026-03-29T00:00:00Z")
    }
    return Timestamp(seconds: Int64(date.timeIntervalSince1970))
  }
}

struct FiringsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firings", abstract: "List a schedule's firings and skips, newest first.")

  @OptionGroup var argument: ScheduleArgument
  @Option(help: "At most this many. Default: 20") var limit = 20
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let firings = try await options.withClient { client in
      var firings: [ScheduleFiring] = []
      var request = ListScheduleFiringsRequest(namespace: options.resolvedNamespace, scheduleID: argument.schedule)
      repeat {
        request.pageSize = UInt32(min(1_000, max(1, limit - firings.count)))
        let page = try await client.unary(
          ScheduleService.ListScheduleFirings.self, request, deadline: try options.deadline)
        firings += page.firings
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty && firings.count < limit
      return firings
    }
    guard !options.json else { return try JSON.print(firings.map { JSON.firing($0) }) }
    var table = Table("occurrence", "decided", "cause", "outcome")
    for firing in firings {
      table.add(
        Text.time(firing.scheduledAt), Text.time(firing.decidedAt), Text.name(firing.cause).lowercased(),
        Text.outcome(firing))
    }
    table.print()
  }
}
