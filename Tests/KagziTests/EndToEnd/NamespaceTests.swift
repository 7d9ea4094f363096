import Foundation
import Testing

@testable import Kagzi

@Suite(
  "Namespaces", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct NamespaceTests {
  @Test("are created, read, listed and changed; a second one of a name and a bad name are refused")
  func lifecycle() async throws {
    let kagzi = try await WithServer.connect()
    let created = try await kagzi.namespaces.create("books", description: "of the library", retention: .seconds(86_400))
    #expect(created.name == "books" && created.description == "of the library" && created.isEnabled)
    #expect(created.retention == .seconds(86_400) && created.createdAt != nil)
    #expect(try await kagzi.namespaces.get("books") == created)
    #expect(
      try await kagzi.namespaces.list().map(\.name).filter { ["books", "default"].contains($0) } == [
        "books", "default",
      ])

    let renamed = try await kagzi.namespaces.update("books", description: "of the town")
    #expect(renamed.description == "of the town" && renamed.retention == .seconds(86_400))
    #expect(try await kagzi.namespaces.update("books", retention: .zero).retention == nil)
    #expect(try await kagzi.namespaces.get("books").description == "of the town")

    let twice = await #expect(throws: KagziError.self) { try await kagzi.namespaces.create("books") }
    #expect(twice?.code == .alreadyExists && twice?.detail == .resourceExists(kind: "namespace", name: "books"))
    let bad = await #expect(throws: KagziError.self) { try await kagzi.namespaces.create("No Spaces") }
    guard case .invalidField(let field, _)? = bad?.detail else {
      return #expect(Bool(false), "\(String(describing: bad))")
    }
    #expect(bad?.code == .invalid && field == "name")
    let missing = await #expect(throws: KagziError.self) { try await kagzi.namespaces.get("nowhere") }
    #expect(missing?.code == .notFound && missing?.detail == .resourceNotFound(kind: "namespace", name: "nowhere"))
    await kagzi.close()
  }

  @Test("hold a client's calls and its workers apart from those of others")
  func bound() async throws {
    let admin = try await WithServer.connect()
    for name in ["north", "south"] { try await admin.namespaces.create(name) }
    try await work(in: "north") { north, options in
      try await work(in: "south") { south, _ in try await compare(north, south, admin, options) }
    }
    await admin.close()
  }

  private func compare(_ north: Kagzi, _ south: Kagzi, _ admin: Kagzi, _ options: StartOptions) async throws {
    #expect(try await north.startWorkflow("where", as: String.self, options).result() == "north north")
    #expect(try await south.startWorkflow("where", as: String.self, options).result() == "south south")
    for (client, name) in [(north, "north"), (south, "south")] {
      #expect(try await client.listRuns().collect().map(\.namespace) == [name])
      #expect(try await client.getActiveWorkers().map(\.namespace) == [name])
    }
    #expect(try await admin.listRuns(RunFilter(workflow: "where")).collect().isEmpty)
  }

  /// A worker of a namespace, meanwhile the body.
  private func work(
    in namespace: String, _ body: (Kagzi, StartOptions) async throws -> Void
  ) async throws {
    try await WithServer.with(namespace: namespace, configure: { $0.taskQueues(["shared"]) }) { kagzi in
      kagzi.registerWorkflow("where") { (ctx: WorkflowContext) in "\(ctx.namespace) \(namespace)" }
    } body: { kagzi, _ in
      #expect(kagzi.namespace == namespace)
      try await body(kagzi, StartOptions(workflowID: "one-id", taskQueue: "shared"))
    }
  }

  @Test("refuse new work when they are disabled, let open runs finish, and take work again")
  func disabled() async throws {
    let admin = try await WithServer.connect()
    try await admin.namespaces.create("closing")
    try await WithServer.with(namespace: "closing") { kagzi in
      kagzi.registerWorkflow("open") { (ctx: WorkflowContext) in
        let number: Int = try await ctx.waitForSignal("go")
        return number
      }
    } body: { kagzi, options in
      let open = try await kagzi.startWorkflow("open", as: Int.self, options)
      try await admin.namespaces.disable("closing")
      #expect(try await admin.namespaces.get("closing").isEnabled == false)
      let refused = await #expect(throws: KagziError.self) { try await kagzi.startWorkflow("open", options) }
      #expect(refused?.code == .refused && refused?.detail == .namespaceDisabled("closing"))
      try await open.signal("go", 5)
      #expect(try await open.result() == 5)
      try await admin.namespaces.enable("closing")
      let again = try await kagzi.startWorkflow("open", as: Int.self, options)
      try await again.signal("go", 6)
      #expect(try await again.result() == 6)
    }
    await admin.close()
  }
}
