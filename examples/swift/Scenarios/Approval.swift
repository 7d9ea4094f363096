import Kagzi

/// A person decides: the workflow waits for a signal, and a child workflow does what was approved. The counter at the
/// end goes on as a new run each time, so that its record never grows.
enum Approval {
  struct Decision: Codable, Sendable {
    var by: String
    var isApproved: Bool
  }

  @Sendable static func request(_ ctx: WorkflowContext, _ amount: Int) async throws -> String {
    // snippet: signal
    let decision = try await ctx.waitForSignal("decision", timeout: .seconds(3_600), as: Decision.self)
    guard let decision else { return "nobody decided" }
    guard decision.isApproved else { return "\(decision.by) said no" }
    // end snippet

    // snippet: child
    let receipt = try await ctx.child("pay-out", amount, as: String.self)
    // end snippet
    return "\(receipt), approved by \(decision.by)"
  }

  @Sendable static func payOut(_ ctx: WorkflowContext, _ amount: Int) async throws -> String {
    try await ctx.step("pay") { "paid \(amount)" }
  }

  // snippet: continue-as-new
  @Sendable static func countDown(_ ctx: WorkflowContext, _ number: Int) async throws -> String {
    guard number > 0 else { return "lift-off" }
    try await ctx.step("say") { print("\(number) …") }
    try await ctx.continueAsNew(number - 1)
  }
  // end snippet

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("request", request)
    kagzi.registerWorkflow("pay-out", payOut)
    kagzi.registerWorkflow("count-down", countDown)
    try await kagzi.working {
      // snippet: send-signal
      let handle = try await kagzi.startWorkflow("request", 120, as: String.self)
      try await handle.signal("decision", Decision(by: "Grace", isApproved: true))
      print(try await handle.result())

      // A signal may come first: it starts the run that it is for.
      let early: WorkflowHandle<String> = try await kagzi.signalWithStart(
        "request", 80, workflowID: "request-of-eve", signal: "decision", Decision(by: "Eve", isApproved: false))
      print(try await early.result())
      // end snippet
      print(try await kagzi.startWorkflow("count-down", 3, as: String.self).result())
    }
  }
}
