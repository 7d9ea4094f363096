import Foundation
import Testing

@testable import Kagzi

@Suite(
  "Types, queues and the coordinator", .withServer, .enabled(if: KagziServer.binary != nil), .serialized,
  .timeLimit(.minutes(2)))
struct TypeAndQueueTests {
  @Test("checklist 16: activities have versions, a default, a rollout and deprecation, too")
  func activityVersions() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("asks") { (ctx: WorkflowContext) in try await ctx.activity("answer", as: Int.self) }
      for version in 1...2 {
        kagzi.registerActivityVersion("answer", version) { (_: NoValue, _: ActivityContext) in version }
      }
    } body: { kagzi, options in
      func answer() async throws -> Int { try await kagzi.startWorkflow("asks", as: Int.self, options).result() }
      // Known here, although the worker may not have registered yet.
      try await kagzi.activityTypes.setDefault("answer", 2)
      #expect(try await kagzi.activityTypes.getDefault("answer") == 2)
      #expect(try await answer() == 2)
      try await kagzi.activityTypes.setRollout("answer", [1: 100])
      #expect(try await answer() == 1)
      try await kagzi.activityTypes.setRollout("answer", [:])
      try await kagzi.activityTypes.deprecate("answer", 1)
      let answers = try await kagzi.activityTypes.describe("answer")
      #expect(answers.version(1)?.isDeprecated == true && answers.version(2)?.isDefault == true)
      #expect(answers.version(2)?.liveWorkers == 1 && answers.version(3) == nil)
      #expect(try await kagzi.activityTypes.list().map(\.type) == ["answer"])
      #expect(try await kagzi.workflowTypes.list().map(\.type).contains("asks"))
      let unknown = await #expect(throws: KagziError.self) { try await kagzi.activityTypes.setDefault("answer", 9) }
      #expect(unknown?.detail == .versionNotRegistered(type: "answer", version: 9))
    }
  }

  @Test("checklist 16: open runs are moved to another version, after a dry run that changes nothing")
  func moveRuns() async throws {
    try await WithServer.with { kagzi in
      for version in 1...2 {
        kagzi.registerWorkflowVersion("moving", version) { (ctx: WorkflowContext) in
          let number: Int = try await ctx.waitForSignal("go")
          return "\(number) by version \(version)"
        }
      }
    } body: { kagzi, options in
      try await kagzi.setDefaultWorkflowVersion("moving", 1)
      let probe = try await kagzi.startWorkflowVersion("moving", 2, as: String.self, options)
      try await probe.signal("go", 0)
      #expect(try await probe.result() == "0 by version 2")
      let handle = try await kagzi.startWorkflow("moving", as: String.self, options)
      while try await handle.status() != .waiting { try await Task.sleep(for: .milliseconds(5)) }
      let dry = try await kagzi.workflowTypes.moveRuns("moving", from: 1, to: 2, dryRun: true).collect().last
      #expect(dry?.total == 1 && dry?.moved == 1 && dry?.conflicts == [] && dry?.isFinished == true)
      #expect(try await handle.describe().workflowVersion == 1)
      let moved = try await kagzi.workflowTypes.moveRuns("moving", from: 1, to: 2).collect().last
      #expect(moved?.moved == 1)
      #expect(try await handle.describe().workflowVersion == 2)
      try await handle.signal("go", 1)
      #expect(try await handle.result() == "1 by version 2")
    }
  }

  @Test("a queue shows what waits in it and who serves it; stats and the coordinator's facts can be read")
  func queues() async throws {
    let began = Gate()
    let finish = Gate()
    try await WithServer.with(configure: { $0.maxConcurrentWorkflows(1) }) { kagzi in
      kagzi.registerWorkflow("queued") { (ctx: WorkflowContext) in
        try await ctx.step("hold") {
          began.open()
          await finish.wait()
        }
      }
    } body: { kagzi, options in
      let first = try await kagzi.startWorkflow("queued", options)
      await began.wait()
      let second = try await kagzi.startWorkflow("queued", options)
      let name = try #require(options.taskQueue)
      let entry = try await kagzi.queues.get(name).entries.first
      #expect(entry?.kind == "workflow" && entry?.type == "queued" && entry?.version == 1)
      #expect(entry?.ready == 1 && entry?.leased == 1 && entry?.liveWorkers == 1 && entry?.oldestReadyAt != nil)
      #expect(try await kagzi.queues.list().map(\.name).contains(name))
      #expect(try await kagzi.queues.get("nobody's").entries.isEmpty)
      #expect(try await !kagzi.queues.stats().isEmpty)
      let worker = try await kagzi.getActiveWorkers().first
      #expect(worker?.workflows.map(\.name) == ["queued"] && worker?.workflows.first?.version == 1)
      #expect(
        worker?.maxConcurrentActivities == 10 && worker?.leaseExpiresAt != nil && worker?.heartbeatInterval != nil)
      finish.open()
      _ = try await (first.result(), second.result())
      let info = try await kagzi.serverInfo()
      #expect(info.schemaVersion > 0 && info.maxPayloadBytes > 0 && info.maxMessageBytes > info.maxPayloadBytes)
      #expect(!info.version.isEmpty && !info.coordinatorID.isEmpty && info.startedAt != nil)
    }
  }

  @Test("a schedule tells all that it was made with, and its firings their cause; a second one of an id is refused")
  func schedules() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("scheduled") { (_: WorkflowContext, word: String) in word }
    } body: { kagzi, options in
      let spec = try ScheduleSpec(
        .cron("30 2 * * *"), workflow: "scheduled", input: "word",
        options: StartOptions(workflowID: "night", taskQueue: options.taskQueue), timeZone: "Europe/Berlin",
        jitter: .seconds(60), overlapPolicy: .bufferOne, catchUpWindow: .seconds(600), catchUpLimit: 7)
      let made = try await kagzi.schedules.create("nights", spec)
      #expect(made.timing == .cron("30 2 * * *") && made.timeZone == "Europe/Berlin" && made.jitter == .seconds(60))
      #expect(made.overlapPolicy == .bufferOne && made.catchUpWindow == .seconds(600) && made.catchUpLimit == 7)
      #expect(made.workflowID == "night" && made.taskQueue == options.taskQueue && made.createdAt != nil)
      #expect(try made.input?.decode(as: String.self) == "word")
      let twice = await #expect(throws: KagziError.self) { try await kagzi.schedules.create("nights", spec) }
      #expect(twice?.code == .alreadyExists && twice?.detail == .resourceExists(kind: "schedule", name: "nights"))
      let runID = try await kagzi.schedules.trigger("nights")
      #expect(try await kagzi.workflowHandle(runID).result(as: String.self) == "word")
      let firing = try await kagzi.schedules.firings("nights").first
      #expect(firing?.runID == runID && firing?.cause == .trigger && firing?.decidedAt != nil)
      try await kagzi.schedules.delete("nights")
    }
  }
}
