import Foundation
import Kagzi

/// Three versions of one workflow, side by side: the plain price, the price with tax, and points on top.
enum Versions {
  @Sendable static func plain(_ ctx: WorkflowContext, _ net: Double) async throws -> String {
    try await ctx.step("price") { amount(net) }
  }

  @Sendable static func taxed(_ ctx: WorkflowContext, _ net: Double) async throws -> String {
    try await ctx.step("price-with-tax") { amount(net * 1.08) }
  }

  @Sendable static func points(_ ctx: WorkflowContext, _ net: Double) async throws -> String {
    let price = try await ctx.step("price-with-tax") { amount(net * 1.08) }
    let points = try await ctx.step("points") { Int(net / 10) }
    return "\(price) and \(points) points"
  }

  static func amount(_ value: Double) -> String { String(format: "%.2f", value) }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    // snippet: register
    kagzi.registerWorkflowVersion("price", 1, plain)
    kagzi.registerWorkflowVersion("price", 2, taxed)
    // end snippet
    kagzi.registerWorkflowVersion("price", 3, points)
    try await kagzi.setDefaultWorkflowVersion("price", 2)
    try await kagzi.working {
      print("version 1:", try await kagzi.startWorkflowVersion("price", 1, 100.0, as: String.self).result())
      print("default:", try await kagzi.startWorkflow("price", 100.0, as: String.self).result())
      print("version 3:", try await kagzi.startWorkflowVersion("price", 3, 100.0, as: String.self).result())

      // snippet: rollout
      // A canary: a tenth of new runs try version 3; the same workflow id always lands the same.
      try await kagzi.setWorkflowRollout("price", [3: 10])
      for version in try await kagzi.listWorkflowVersions("price") {
        print("  version \(version.version): \(version.openRuns) open, \(version.rolloutPercent) % of new runs")
      }
      // All is well: everything goes to version 3. Had it not been, `[:]` would have taken the canary back.
      try await kagzi.setDefaultWorkflowVersion("price", 3)
      try await kagzi.setWorkflowRollout("price", [:])
      // end snippet
      print("new default:", try await kagzi.startWorkflow("price", 100.0, as: String.self).result())
    }
  }
}
