import Foundation
import Testing

@testable import Kagzi

@Suite(
  "Operating a system", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(3)))
struct OperatingTests {
  @Test("checklist 1: programs connect any number of times at once; the schema is there")
  func connecting() async throws {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          let kagzi = try await WithServer.connect()
          let version = try await kagzi.schemaVersion()
          await kagzi.close()
          return version
        }
      }
      let versions = try await group.reduce(into: Set()) { $0.insert($1) }
      #expect(versions.count == 1 && versions.first ?? 0 > 0)
    }
  }

  @Test("checklist 16: default, explicit start, list, deprecate, rollout, counts; what is not registered is refused")
  func versions() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflowVersion("sums", 1) { (_: WorkflowContext, number: Int) in number }
      kagzi.registerWorkflowVersion("sums", 2) { (_: WorkflowContext, number: Int) in number * 2 }
    } body: { kagzi, options in
      try await kagzi.setDefaultWorkflowVersion("sums", 2)
      #expect(try await kagzi.getDefaultWorkflowVersion("sums") == 2)
      #expect(try await kagzi.startWorkflow("sums", 5, as: Int.self, options).result() == 10)
      #expect(try await kagzi.startWorkflowVersion("sums", 1, 5, as: Int.self, options).result() == 5)
      #expect(try await kagzi.countRuns("sums", version: 2) == 1)
      #expect(try await kagzi.countRunsByStatus("sums", version: 1) == [.completed: 1])

      try await kagzi.deprecateWorkflowVersion("sums", 1)
      let deprecated = await #expect(throws: KagziError.self) {
        try await kagzi.startWorkflowVersion("sums", 1, 5, as: Int.self, options)
      }
      #expect(deprecated?.code == .refused)
      let versions = try await kagzi.listWorkflowVersions("sums")
      #expect(versions.map(\.version) == [1, 2] && versions.map(\.isDeprecated) == [true, false])
      #expect(versions.map(\.isDefault) == [false, true] && versions[1].liveWorkers == 1)
      try await kagzi.deprecateWorkflowVersion("sums", 1, undo: true)

      for refused in [
        await #expect(throws: KagziError.self, performing: { try await kagzi.setDefaultWorkflowVersion("sums", 9) }),
        await #expect(throws: KagziError.self, performing: { try await kagzi.setWorkflowRollout("sums", [9: 5]) }),
      ] {
        #expect(refused?.code == .refused)
      }
      let tooMuch = await #expect(throws: KagziError.self) { try await kagzi.setWorkflowRollout("sums", [1: 101]) }
      #expect(tooMuch?.code == .invalid)
    }
  }

  @Test("checklist 17: a canary goes up and is rolled back on the live system, and survives a restart")
  func canary() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflowVersion("canary", 1) { (_: WorkflowContext) in 1 }
      kagzi.registerWorkflowVersion("canary", 2) { (_: WorkflowContext) in 2 }
    } body: { kagzi, options in
      func shares() async throws -> Set<Int> {
        try await withThrowingTaskGroup(of: Int.self) { group in
          for number in 0..<40 {
            var options = options
            options.workflowID = "canary-\(number)"
            group.addTask { [options] in
              try await kagzi.startWorkflow("canary", as: Int.self, options).result()
            }
          }
          return try await group.reduce(into: []) { $0.insert($1) }
        }
      }
      try await kagzi.setDefaultWorkflowVersion("canary", 1)
      #expect(try await shares() == [1])
      try await kagzi.setWorkflowRollout("canary", [2: 50])
      #expect(try await shares() == [1, 2])
      try await WithServer.current?.restart(signal: SIGKILL)
      #expect(try await shares() == [1, 2])
      try await kagzi.setWorkflowRollout("canary", [:])
      #expect(try await shares() == [1])
    }
  }

  @Test("checklist 20: active workers, one worker, its active workflows and its events")
  func workers() async throws {
    let began = Gate()
    let finish = Gate()
    try await WithServer.with(
      configure: { $0.workerID("watched").hostname("example-host").labels(["zone": "north"]).maxConcurrentWorkflows(3) }
    ) { kagzi in
      kagzi.registerWorkflow("watched") { (ctx: WorkflowContext) in
        try await ctx.step("work") {
          began.open()
          await finish.wait()
        }
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("watched", options)
      await began.wait()
      let active = try await kagzi.getActiveWorkers()
      #expect(active.map(\.workerID) == ["watched"])
      let worker = try await kagzi.getWorker("watched")
      #expect(worker.hostname == "example-host" && worker.labels == ["zone": "north"])
      #expect(worker.maxConcurrentWorkflows == 3 && worker.pid == Int(ProcessInfo.processInfo.processIdentifier))
      #expect(worker.status == .running && worker.lastHeartbeatAt != nil)
      #expect(try await kagzi.countActiveWorkflows("watched") == 1)
      finish.open()
      _ = try await handle.result()
      #expect(try await kagzi.getWorkerEvents("watched").contains { $0.kind == "STARTED" })
      let missing = await #expect(throws: KagziError.self) { try await kagzi.getWorker("nobody") }
      #expect(missing?.code == .notFound)
    }
    let kagzi = try await WithServer.connect()
    #expect(try await kagzi.getActiveWorkers().isEmpty)
    #expect(try await kagzi.listWorkers([.stopped]).map(\.workerID).contains("watched"))
    await kagzi.close()
  }

  @Test("a run is paused and resumed, explained, retried and forked")
  func runControl() async throws {
    let counter = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("controlled") { (ctx: WorkflowContext) in
        let first = try await ctx.step("first") { counter.add("first") }
        let go: Int = try await ctx.waitForSignal("go")
        return try await ctx.step("second") {
          if counter.add("second") == 1 { throw StepError(.businessLogicError, "not yet") }
          return first * 100 + go
        }
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("controlled", as: Int.self, options)
      while try await handle.status() != .waiting { try await Task.sleep(for: .milliseconds(5)) }
      let waiting = try await handle.explain()
      #expect(waiting.status == .waiting && waiting.reasons.contains { $0.contains("go") }, "\(waiting)")
      try await handle.pause(reason: "inspection")
      #expect(try await handle.status() == .paused)
      try await handle.signal("go", 7)
      let paused = try await handle.explain()
      #expect(paused.reasons.contains { $0.contains("inspection") }, "\(paused)")
      try await handle.resume()
      await #expect(throws: WorkflowError.self) { try await handle.result() }
      // Completed steps are kept; the failed one runs again.
      try await handle.retry()
      #expect(try await handle.result() == 107)
      #expect(counter.count("first") == 1 && counter.count("second") == 2)
      let fork = try await handle.fork(fromStep: "second")
      #expect(try await fork.result() == 107)
      #expect(counter.count("first") == 1 && counter.count("second") == 3)
    }
  }
}
