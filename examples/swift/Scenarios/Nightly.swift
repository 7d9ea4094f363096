import Kagzi

/// A report that the calendar starts. The schedule lives in the coordinator: this program may end meanwhile.
enum Nightly {
  @Sendable static func report(_ ctx: WorkflowContext, _ input: [String: String]) async throws -> String {
    try await ctx.step("write") { "a \(input["kind"] ?? "short") report" }
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("report", report)
    try await kagzi.working {
      // snippet: schedule
      try await kagzi.schedules.create(
        "nightly-report",
        ScheduleSpec(
          .cron("30 2 * * *"), workflow: "report", input: ["kind": "full"], timeZone: "Europe/Berlin",
          jitter: .seconds(60), overlapPolicy: .bufferOne))
      try await kagzi.schedules.pause("nightly-report", note: "the warehouse is being moved")
      try await kagzi.schedules.resume("nightly-report")
      let runID = try await kagzi.schedules.trigger("nightly-report")
      for firing in try await kagzi.schedules.firings("nightly-report") {
        print(firing.runID == runID ? "fired by hand" : firing.skipReason)
      }
      // end snippet
      print(try await kagzi.workflowHandle(runID).result(as: String.self))
      for schedule in try await kagzi.schedules.list() where schedule.nextAt != nil {
        print("\(schedule.scheduleID) starts \(schedule.workflow)")
      }
      try await kagzi.schedules.delete("nightly-report")
    }
  }
}
