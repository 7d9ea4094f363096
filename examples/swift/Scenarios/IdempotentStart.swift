import Foundation
import Kagzi

/// Starting twice starts one run: by the workflow id while the run is open, by the request id for ever.
enum IdempotentStart {
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("charge") { (ctx: WorkflowContext, cents: Int) in
      try await ctx.sleep("settle", .milliseconds(200))
      return try await ctx.step("charge") { "charged \(cents) cents" }
    }
    try await kagzi.working {
      let invoice = "invoice-\(UUID().uuidString)"
      let options = StartOptions(workflowID: invoice, conflictPolicy: .useExisting)
      let first = try await kagzi.startWorkflow("charge", 4_900, as: String.self, options)
      let second = try await kagzi.startWorkflow("charge", 4_900, as: String.self, options)
      print(first.runID == second.runID ? "one run" : "two runs")

      do {
        _ = try await kagzi.startWorkflow("charge", 4_900, as: String.self, StartOptions(workflowID: invoice))
      } catch let error as KagziError where error.code == .alreadyStarted {
        print("refused: \(error.runID == first.runID ? "the first run" : "another run") has this workflow id")
      }
      print(try await first.result())

      let once = StartOptions(requestID: invoice)
      let third = try await kagzi.startWorkflow("charge", 100, as: String.self, once)
      print(try await third.result())
      let again = try await kagzi.startWorkflow("charge", 100, as: String.self, once)
      print(third.runID == again.runID ? "the same run, long closed" : "charged twice")
    }
  }
}
