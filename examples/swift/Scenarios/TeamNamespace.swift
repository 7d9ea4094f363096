import Kagzi

/// A namespace of a team: made, worked in, closed for new work.
enum TeamNamespace {
  @Sendable static func run(_ kagzi: Kagzi) async throws {
    let address = CommandLine.arguments.dropFirst(2).first ?? "127.0.0.1:7480"
    // snippet: create
    do {
      try await kagzi.namespaces.create("team-a", description: "payments", retention: .seconds(30 * 86_400))
    } catch let error as KagziError where error.code == .alreadyExists {
      try await kagzi.namespaces.enable("team-a")
    }
    // end snippet

    // snippet: bind
    // Every call and every worker of this client is in the namespace.
    let team = try await Kagzi.connect(address, ConnectOptions(namespace: "team-a"))
    team.registerWorkflow("pay") { (ctx: WorkflowContext, amount: Int) in
      try await ctx.step("pay") { "\(amount) paid in \(ctx.namespace)" }
    }
    // end snippet
    try await team.working {
      print(try await team.startWorkflow("pay", 7, as: String.self).result())
      // snippet: disable
      try await kagzi.namespaces.disable("team-a")
      do {
        _ = try await team.startWorkflow("pay", 8)
      } catch let error as KagziError where error.detail == .namespaceDisabled("team-a") {
        print("refused: \(error.message)")
      }
      // end snippet
    }
    for namespace in try await kagzi.namespaces.list() {
      print("\(namespace.name): \(namespace.isEnabled ? "enabled" : "disabled")")
    }
    await team.close()
  }
}
