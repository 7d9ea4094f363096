import Kagzi

/// Eight members, one of them fails, and all the others are kept.
enum CollectAll {
  @Sendable static func check(_ ctx: WorkflowContext, _ servers: [String]) async throws -> String {
    // snippet: collect
    let result = try await ctx.collect(
      "ping-all",
      servers.map { server in
        .step(server) { try await ping(server) }
      })
    let summary = "\(result.results.count) up, \(result.errors.count) down"
    guard let error = result.firstError else { return summary }
    return "\(summary): \(error.message)"
    // end snippet
  }

  static func ping(_ server: String) async throws -> Int {
    guard server != "server-5" else { throw StepError(.serviceUnavailable, "\(server) does not answer") }
    return 12
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("collect-all", check)
    let text = try await kagzi.working {
      try await kagzi.startWorkflow("collect-all", (1...8).map { "server-\($0)" }, as: String.self).result()
    }
    print(text)
  }
}
