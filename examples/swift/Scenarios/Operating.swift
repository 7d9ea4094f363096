import Kagzi

/// What operators' programs do: start many runs, look at them, watch one, and act on all that a filter chooses.
enum Operating {
  @Sendable static func review(_ ctx: WorkflowContext, _ amount: Int) async throws -> String {
    let name: String = try await ctx.waitForSignal("approved")
    return try await ctx.step("book") { "\(amount) approved by \(name)" }
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("review", review)
    try await kagzi.working {
      // snippet: start-many
      let starts = try await kagzi.startWorkflows(
        "review", [10, 20, 30], as: String.self, workflowIDs: ["review-1", "review-2", "review-3"],
        StartOptions(tags: ["desk": "north"]))
      for case .failure(let refusal) in starts { print("refused: \(refusal.message)") }
      // end snippet

      // snippet: list
      let north = RunFilter(workflow: "review", tags: ["desk": "north"])
      for try await run in kagzi.listRuns(north, limit: 100) {
        print("\(run.workflowID) is version \(run.workflowVersion)")
      }
      // end snippet

      // snippet: batch
      for try await progress in kagzi.batches.run(.terminate, north, dryRun: true) where progress.isFinished {
        print("would end \(progress.total) runs")
      }
      for try await progress in kagzi.batches.run(try .signal("approved", "Ada"), north) where progress.isFinished {
        print("\(progress.done) of \(progress.total) approved, \(progress.failed) failed")
      }
      // end snippet

      // snippet: watch
      let handle = kagzi.workflowHandle(workflowID: "review-2", as: String.self)
      for try await change in handle.watch() {
        if case .stepSettled(let step) = change.kind { print("\(step.key): \(step.state)") }
      }
      print(try await handle.result(timeout: .seconds(30)))
      // end snippet
    }
  }
}
