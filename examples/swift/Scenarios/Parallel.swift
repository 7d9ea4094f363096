import Kagzi

/// Members of a group run at once, are recorded one by one, and come back with their types. A race gives the first.
enum Parallel {
  struct Page: Codable, Sendable {
    var user: String
    var posts: [String]
    var comments: Int
    var mirror: String
  }

  @Sendable static func load(_ ctx: WorkflowContext, _ id: Int) async throws -> Page {
    // snippet: tuple
    let (user, posts, comments) = try await ctx.parallel(
      "user-data",
      ("user", { try await fetchUser(id) }),
      ("posts", { try await fetchPosts(id) }),
      ("comments", { try await countComments(id) }))
    // end snippet

    // snippet: race
    let (winner, mirror) = try await ctx.race("fastest-mirror") {
      ("north", { try await ask("north", after: .seconds(30)) })
      ("south", { try await ask("south", after: .milliseconds(20)) })
      ("west", { try await ask("west", after: .seconds(30)) })
    }
    print("\(winner) won")
    // end snippet
    return Page(user: user, posts: posts, comments: comments, mirror: mirror)
  }

  static func fetchUser(_ id: Int) async throws -> String { "user-\(id)" }

  static func fetchPosts(_ id: Int) async throws -> [String] { ["first", "second"] }

  static func countComments(_ id: Int) async throws -> Int { 7 }

  static func ask(_ mirror: String, after delay: Duration) async throws -> String {
    // The losers are cancelled, so this ends early for them.
    try await Task.sleep(for: delay)
    return "\(mirror).example.org"
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("load-page", load)
    try await kagzi.working {
      let handle = try await kagzi.startWorkflow("load-page", 7, as: Page.self)
      let page = try await handle.result()
      print("\(page.user): \(page.posts.count) posts, \(page.comments) comments, from \(page.mirror)")
      for group in try await handle.groups() {
        print("  group \(group.key): \(group.verdict), \(group.succeeded) of \(group.memberCount ?? 0) succeeded")
      }
    }
  }
}
