import Kagzi

/// A welcome letter now, tips a little later. One process works, another one triggers; stop the worker while the
/// workflow sleeps and start it again: the letter is not sent twice.
enum WelcomeEmail {
  struct User: Codable, Sendable {
    var name: String
    var address: String
  }

  @Sendable static func welcome(_ ctx: WorkflowContext, _ user: User) async throws -> String {
    try await ctx.step("send-welcome") { print("to \(user.address): Welcome, \(user.name)!") }
    // The worker holds nothing meanwhile.
    try await ctx.sleep("a-little-later", .milliseconds(500))
    try await ctx.step("send-tips") { print("to \(user.address): Three tips to begin with") }
    return "\(user.name) is welcomed"
  }

  /// The worker's process: runs until SIGTERM or SIGINT.
  @Sendable static func work(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("welcome-email", welcome)
    print("working")
    try await kagzi.createWorker().start()
  }

  /// The other process: knows the workflow's name, and nothing of its code.
  @Sendable static func trigger(_ kagzi: Kagzi) async throws {
    let user = User(name: "Ada", address: "ada@example.org")
    let handle = try await kagzi.startWorkflow("welcome-email", user, as: String.self)
    print(try await handle.result())
  }
}
