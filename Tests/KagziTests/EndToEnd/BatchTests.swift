import Foundation
import Testing

@testable import Kagzi

@Suite("Batches", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct BatchTests {
  @Test("count in a dry run, then do one thing to what the filter chooses and say how far they are")
  func cancel() async throws {
    try await withWaiting("cancelled", 40, "kept", 3) { kagzi in
      let filter = RunFilter(workflow: "cancelled")
      let dry = try await kagzi.batches.run(.cancel, filter, dryRun: true).collect()
      #expect(dry.last?.total == 40 && dry.last?.done == 0 && dry.last?.isFinished == true)
      #expect(try await kagzi.countRuns(RunFilter(statuses: [.cancelled])) == 0)

      let progress = try await kagzi.batches.run(.cancel, filter, reason: "over").collect()
      #expect(progress.first?.total == 40 && progress.first?.isFinished == false)
      let last = try #require(progress.last)
      #expect(last.done == 40 && last.failed == 0 && last.failures == [] && last.isFinished)
      for try await run in kagzi.listRuns(filter) {
        _ = try? await kagzi.workflowHandle(run.runID).result()
        #expect(try await kagzi.workflowHandle(run.runID).status() == .cancelled)
      }
      #expect(try await kagzi.countRunsByStatus(RunFilter(workflow: "kept"))[.cancelled] == nil)
    }
  }

  @Test("without a filter need to be told that all runs are meant")
  func everything() async throws {
    try await withWaiting("any", 2, "other", 1) { kagzi in
      let refused = await #expect(throws: KagziError.self) { try await kagzi.batches.run(.pause).collect() }
      #expect(refused?.code == .invalid, "\(String(describing: refused))")
      #expect(try await kagzi.countRuns(RunFilter(statuses: [.paused])) == 0)
      let done = try await kagzi.batches.run(.pause, reason: "inventory", all: true).collect().last?.done ?? 0
      #expect(try await kagzi.countRuns(RunFilter(statuses: [.paused])) == done)
      #expect(done >= 3)
      #expect(try await kagzi.batches.run(.resume, all: true).collect().last?.done == done)
      #expect(try await kagzi.countRuns(RunFilter(statuses: [.paused])) == 0)
    }
  }

  @Test("signal with a value, and say which runs could not be changed")
  func signal() async throws {
    try await withWaiting("signalled", 5, "unused", 0) { kagzi in
      let runs = try await kagzi.listRuns(RunFilter(workflow: "signalled")).collect()
      let last = try await kagzi.batches.run(
        try .signal("go", 7), RunFilter(workflow: "signalled")
      ).collect().last
      #expect(last?.done == 5)
      for run in runs {
        #expect(try await kagzi.workflowHandle(run.runID).result(as: Int.self) == 7)
      }
      // They are closed now; a filter that says so chooses them all the same, and none can be signalled.
      let late = try await kagzi.batches.run(
        .signal("go"), RunFilter(statuses: [.completed], workflow: "signalled")
      ).collect().last
      #expect(late?.failed == 5 && late?.failures.count == 5 && late?.done == 0)
      #expect(late?.failures.contains { $0.contains(runs[0].runID) } == true, "\(String(describing: late))")
    }
  }

  @Test("signal each run once for a request id, and again for another")
  func signalOnce() async throws {
    try await WithServer.with { kagzi in
      kagzi.registerWorkflow("signalled-thrice") { (ctx: WorkflowContext) in
        var numbers: [Int] = []
        for _ in 0..<3 { numbers.append(try await ctx.waitForSignal("go")) }
        return numbers
      }
    } body: { kagzi, options in
      let handle = try await kagzi.startWorkflow("signalled-thrice", as: [Int].self, options)
      let filter = RunFilter(workflow: "signalled-thrice")
      for number in 1...3 {
        let last = try await kagzi.batches.run(
          try .signal("go", number), filter, requestID: number < 3 ? "the-same" : "another"
        ).collect().last
        #expect(last?.done == 1 && last?.failed == 0)
      }
      // Each call without one signals anew.
      #expect(try await kagzi.batches.run(try .signal("go", 4), filter).collect().last?.done == 1)
      #expect(try await handle.result(timeout: .seconds(30)) == [1, 3, 4])
    }
  }

  @Test("stop when nobody reads them any more")
  func stop() async throws {
    try await withWaiting("slow", 200, "unused", 0) { kagzi in
      let filter = RunFilter(workflow: "slow")
      for try await progress in kagzi.batches.run(.pause, filter, maxPerSecond: 50) where progress.done > 0 { break }
      // What is still paused a while later is no more than had begun when the reader left.
      var before = -1
      var now = try await kagzi.countRuns(RunFilter(statuses: [.paused], workflow: "slow"))
      while now != before {
        before = now
        try await Task.sleep(for: .milliseconds(1_500))
        now = try await kagzi.countRuns(RunFilter(statuses: [.paused], workflow: "slow"))
      }
      #expect(now > 0 && now < 200)
      #expect(try await kagzi.batches.run(.pause, filter).collect().last?.isFinished == true)
      #expect(try await kagzi.countRuns(RunFilter(statuses: [.paused], workflow: "slow")) == 200)
      _ = try await kagzi.batches.run(.terminate, filter).collect()
    }
  }

  /// Runs of two types that wait for a signal.
  private func withWaiting(
    _ type: String, _ count: Int, _ other: String, _ otherCount: Int, _ body: (Kagzi) async throws -> Void
  ) async throws {
    try await WithServer.with { kagzi in
      for type in [type, other] {
        kagzi.registerWorkflow(type) { (ctx: WorkflowContext, _: Int) in
          let number: Int = try await ctx.waitForSignal("go")
          return number
        }
      }
    } body: { kagzi, options in
      for (type, count) in [(type, count), (other, otherCount)] where count > 0 {
        let starts = try await kagzi.startWorkflows(type, Array(0..<count), as: Int.self, options)
        for start in starts { _ = try start.get() }
      }
      try await body(kagzi)
    }
  }
}
