import Foundation
import Testing

@testable import Kagzi

@Suite(
  "When the coordinator or a worker goes away", .withServer, .enabled(if: KagziServer.binary != nil), .serialized,
  .timeLimit(.minutes(3)))
struct RestartTests {
  @Test(
    "checklist 11: runs go on after the coordinator was killed or stopped, each step recorded once",
    arguments: [SIGKILL, SIGTERM])
  func coordinatorRestarts(signal: Int32) async throws {
    let counter = Counter()
    try await WithServer.with(configure: { $0.maxConcurrentWorkflows(20).maxConcurrentActivities(20) }) { kagzi in
      kagzi.registerWorkflow("long") { (ctx: WorkflowContext, number: Int) in
        var sum = 0
        for _ in 0..<5 {
          sum += try await ctx.step("local") { 1 }
          sum += try await ctx.activity("remote", 10, as: Int.self)
          try await ctx.sleep("nap", .milliseconds(50))
        }
        return sum
      }
      kagzi.registerActivity("remote") { (number: Int, context: ActivityContext) in
        counter.add()
        return number
      }
    } body: { kagzi, options in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<40 {
          group.addTask { try await kagzi.startWorkflow("long", number, as: Int.self, options).result() }
        }
        while counter.count() < 60 { try await Task.sleep(for: .milliseconds(5)) }
        try await WithServer.current?.restart(signal: signal)
        for try await sum in group { #expect(sum == 55) }
      }
    }
  }

  @Test("checklist 19: what a stopped worker gives back goes on with another one")
  func handBack() async throws {
    let began = Gate()
    let first = try await WithServer.connect()
    let second = try await WithServer.connect()
    for (number, kagzi) in [first, second].enumerated() {
      kagzi.registerWorkflow("move") { (ctx: WorkflowContext, _: Int) in
        let here = try await ctx.step("where") { number }
        return [here, try await ctx.activity("stay", as: Int.self)]
      }
      kagzi.registerActivity("stay") { (context: ActivityContext) in
        began.open()
        if number == 0 { try await Task.sleep(for: .seconds(3600)) }
        return number
      }
    }
    let stopping = first.createWorkerBuilder().taskQueues(["move"]).gracefulShutdownTimeoutSecs(0).build()
    async let stopped: Void = stopping.start()
    let handle = try await first.startWorkflow("move", 0, as: [Int].self, StartOptions(taskQueue: "move"))
    await began.wait()
    stopping.stop()
    try await stopped
    let taking = second.createWorkerBuilder().taskQueues(["move"]).build()
    async let taken: Void = taking.start()
    #expect(try await handle.result() == [0, 1])
    taking.stop()
    try await taken
    await first.close()
    await second.close()
  }
}
