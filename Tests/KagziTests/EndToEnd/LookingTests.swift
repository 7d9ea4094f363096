import Foundation
import Testing

@testable import Kagzi

@Suite("Looking at runs", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct LookingTests {
  @Test("many starts in one call each have an answer of their own; lists come page by page")
  func manyStarts() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("many-starts") { (ctx: WorkflowContext, number: Int) in
        // The twins: whichever comes first is open when the other one comes.
        if [7, 8].contains(number) { try await ctx.sleep("long", .seconds(600)) }
        return number * 2
      }
    } body: { kagzi, options in
      let ids = (0..<1_030).map { $0 == 7 ? "twin" : $0 == 8 ? "twin" : "many-\($0)" }
      let starts = try await kagzi.startWorkflows(
        "many-starts", Array(0..<1_030), as: Int.self, workflowIDs: ids, options)
      #expect(starts.count == 1_030)
      // Two share a workflow id: whichever comes second is refused.
      let refusals = starts.enumerated().filter { if case .failure = $0.element { true } else { false } }
      #expect(refusals.count == 1 && [7, 8].contains(refusals[0].offset), "\(refusals)")
      let refused = #expect(throws: KagziError.self) { try starts[refusals[0].offset].get() }
      #expect(refused?.code == .alreadyStarted)
      #expect(try await starts[1_029].get().result() == 2_058)
      #expect(try starts[5].get().workflowID == "many-5")
      #expect(try starts[5].get().wasStarted)

      let filter = RunFilter(workflow: "many-starts", workflowIDPrefix: "many-")
      let all = try await kagzi.listRuns(filter).collect()
      #expect(all.count == 1_028 && Set(all.map(\.runID)).count == 1_028)
      #expect(zip(all, all.dropFirst()).allSatisfy { $0.runID > $1.runID })
      #expect(try await kagzi.listRuns(filter, limit: 250).collect().map(\.runID) == all.prefix(250).map(\.runID))
      #expect(try await kagzi.listRuns(filter, limit: 0).collect().isEmpty)
      #expect(try await kagzi.countRuns(filter) == 1_028)
      let wrong = await #expect(throws: KagziError.self) {
        _ = try await kagzi.startWorkflows("many-starts", [1], as: Int.self, workflowIDs: [])
      }
      #expect(wrong?.code == .invalid)
    }
  }

  @Test(
    "a run is described by its workflow id, with input, output, tags, parent; a start says if it found the run there")
  func describe() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("parent") { (ctx: WorkflowContext, number: Int) in
        try await ctx.child("child", number, as: Int.self)
      }
      kagzi.registerWorkflow("child") { (ctx: WorkflowContext, number: Int) in
        try await ctx.activity("add", number, as: Int.self)
      }
      kagzi.registerActivity("add") { (number: Int, ctx: ActivityContext) in
        try ctx.heartbeat("adding")
        return number + 1
      }
    } body: { kagzi, options in
      var options = options
      options.workflowID = "family"
      options.tags = ["kind": "family"]
      let handle = try await kagzi.startWorkflow("parent", 41, as: Int.self, options)
      #expect(handle.wasStarted)
      #expect(try await handle.result(timeout: .seconds(60)) == 42)
      let found = kagzi.workflowHandle(workflowID: "family", as: Int.self)
      #expect(found.runID.isEmpty && found.workflowID == "family")
      #expect(try await found.result() == 42)
      #expect(try await found.status() == .completed)
      let run = try await found.describe()
      #expect(run.runID == handle.runID && run.workflowName == "parent" && run.workflowVersion == 1)
      #expect(run.tags == ["kind": "family"] && run.taskQueue == options.taskQueue && run.error == nil)
      #expect(try run.input?.decode(as: Int.self) == 41)
      #expect(try run.output?.decode(as: Int.self) == 42)
      #expect(run.createdAt.map { $0 <= run.closedAt ?? .distantPast } == true && run.parentRunID == nil)

      let child = try await kagzi.listRuns(RunFilter(parentRunID: handle.runID)).collect()
      #expect(child.map(\.workflowName) == ["child"] && child[0].parentStep == "child" && child[0].input == nil)
      let step = try await found.steps().first
      #expect(step?.childRunID == child[0].runID && step?.kind == .child)
      let added = try await kagzi.workflowHandle(child[0].runID).steps().first
      #expect(added?.activityName == "add" && added?.activityVersion == 1 && added?.taskQueue == options.taskQueue)
      #expect(try added?.input?.decode(as: Int.self) == 41)
      #expect(try added?.output?.decode(as: Int.self) == 42)
      #expect(added?.startedAt != nil && added?.scheduledAt != nil)
      #expect(try await kagzi.workflowHandle(child[0].runID).steps(includePayloads: false).first?.output == nil)

      options.requestID = "once"
      options.workflowID = "idempotent"
      let first = try await kagzi.startWorkflow("parent", 1, as: Int.self, options)
      let second = try await kagzi.startWorkflow("parent", 1, as: Int.self, options)
      #expect(first.wasStarted && !second.wasStarted && first.runID == second.runID)
    }
  }

  @Test("a run is watched from its beginning to its end, on over a killed coordinator, each change once")
  func watch() async throws {
    let attempts = Counter()
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("watched") { (ctx: WorkflowContext) in
        var sum = 0
        for _ in 0..<3 {
          sum += try await ctx.waitForSignal("number")
          _ = try await ctx.stepBuilder("flaky").retryPolicy(.fixedWith(ms: 1, attempts: 3)).execute {
            if attempts.add() % 2 == 1 { throw StepError(.networkError, "every other time") }
            return 1
          }
        }
        return sum
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("watched", as: Int.self, options)
      try await handle.signal("number", 1)
      var settled: [String] = []
      var changes: [RunChange] = []
      for try await change in handle.watch() {
        changes.append(change)
        switch change.kind {
        case .stepSettled(let step):
          settled.append(step.key)
          if step.key == "number" {
            try await WithServer.current?.restart(signal: SIGKILL)
            try await handle.signal("number", 2)
            try await handle.signal("number", 3)
          }
        default: break
        }
      }
      #expect(try await handle.result() == 6)
      #expect(settled == ["number", "flaky", "number#2", "flaky#2", "number#3", "flaky#3"], "\(settled)")
      guard case .run(let last)? = changes.last?.kind else { return #expect(Bool(false), "\(changes)") }
      #expect(last.status == .completed)
      #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.sequence <= $1.sequence })
      // Afterwards the same is told again, from any point, but for how the run stood in between.
      let middle = changes[changes.count / 2].sequence
      let rest = try await handle.watch(afterSequence: middle).collect()
      let isOfStep = { (change: RunChange) in if case .run = change.kind { false } else { true } }
      #expect(rest.filter(isOfStep) == changes.filter { $0.sequence > middle && isOfStep($0) })
      #expect(rest.last == changes.last)
    }
  }

  @Test("who waits for a result may give up after a time; the run goes on")
  func timeout() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("patient") { (ctx: WorkflowContext) in
        let number: Int = try await ctx.waitForSignal("go")
        return number
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("patient", as: Int.self, options)
      let error = await #expect(throws: KagziError.self) { try await handle.result(timeout: .milliseconds(50)) }
      #expect(error?.code == .timeout && error?.runID == handle.runID)
      try await handle.signal("go", 9)
      #expect(try await handle.result(timeout: .seconds(60)) == 9)
      let late = await #expect(throws: KagziError.self) { try await handle.signal("go", 9) }
      #expect(late?.detail == .runClosed(runID: handle.runID, status: "COMPLETED"))
      let open = await #expect(throws: KagziError.self) { try await handle.retry() }
      #expect(open?.detail == .runNotClosed(runID: handle.runID, status: "COMPLETED"))
      let nobody = await #expect(throws: KagziError.self) {
        try await kagzi.workflowHandle(workflowID: "nobody").status()
      }
      #expect(nobody?.code == .notFound && nobody?.detail == .runNotFound(runID: "", workflowID: "nobody"))
    }
  }

  @Test("a run is forked with another input")
  func fork() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("forked") { (ctx: WorkflowContext, number: Int) in
        let first = try await ctx.step("first") { 100 }
        return try await ctx.step("second") { first + number }
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("forked", 1, as: Int.self, options)
      #expect(try await handle.result() == 101)
      let fork = try await handle.fork(fromStep: "second", input: 5, workflowID: "the-fork")
      #expect(try await fork.result() == 105)
      #expect(try await fork.describe().relatedRunID == handle.runID)
      #expect(try await kagzi.workflowHandle(workflowID: "the-fork", as: Int.self).result() == 105)
    }
  }

  @Test("a fork with the request id of another is that one; each call has one of its own else")
  func forkOnce() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("forked-once") { (ctx: WorkflowContext) in try await ctx.step("only") { 1 } }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("forked-once", as: Int.self, options)
      #expect(try await handle.result() == 1)
      let first = try await handle.fork(fromStep: "only", requestID: "fork-once")
      #expect(try await first.result() == 1)
      let again = try await handle.fork(fromStep: "only", input: 3, requestID: "fork-once")
      #expect(again.runID == first.runID)
      var others: Set<String> = [first.runID]
      for _ in 0..<2 { others.insert(try await handle.fork(fromStep: "only").runID) }
      #expect(others.count == 3)
    }
  }
}
