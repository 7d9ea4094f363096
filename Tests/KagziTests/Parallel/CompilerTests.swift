import Foundation
import Testing

/// What the compiler says of programs that use the SDK, built against the module that these tests use.
@Suite("The compiler", .timeLimit(.minutes(3)))
struct CompilerTests {
  @Test("checklist 13: takes ten members of a tuple, refuses the eleventh and names parallelVec")
  func eleven() throws {
    #expect(try diagnostics(of: "_ = try await ctx.parallel(\"g\", \(steps(10)))") == "")
    #expect(try diagnostics(of: "_ = try await ctx.parallel(\"g\", \(members(10)))") == "")
    for call in ["_ = try await ctx.parallel(\"g\", \(steps(11)))", "_ = try await ctx.parallel(\"g\", \(steps(13)))"] {
      let text = try diagnostics(of: call)
      #expect(text.contains("parallel takes 2 to 10 members; for more of one type use parallelVec"), "\(text)")
    }
    let text = try diagnostics(of: "_ = try await ctx.parallel(\"g\", \(members(11)))")
    #expect(text.contains("use parallelVec"), "\(text)")
  }

  @Test("checklist 12: refuses a member that changes what others see")
  func sendable() throws {
    let text = try diagnostics(
      of: """
        var count = 0
        _ = try await ctx.parallelVec("g", [.step("a") { count += 1; return 1 }])
        _ = count
        """)
    #expect(text.contains("error: "), "\(text)")
  }

  @Test("checklist 12: knows the type of members that are written out one under the other")
  func builder() throws {
    let members = "(\"a\", { 1 })\n(\"b\", { let two = 2; return two })\nfor n in 0..<3 { (\"n\\(n)\", { n }) }"
    for call in ["parallelVec(\"g\")", "collect(\"g\")", "race(\"g\")", "quorum(\"g\", 2)"] {
      #expect(try diagnostics(of: "let r = try await ctx.\(call) {\n\(members)\n}\nprint(r)") == "", "\(call)")
    }
    #expect(
      try diagnostics(of: "try await ctx.parallelVec(\"g\") {\n(\"a\", { print(1) })\n(\"b\", { print(2) })\n}") == "")
    let shared = try diagnostics(
      of: "var n = 0\nlet r = try await ctx.parallelVec(\"g\") {\n(\"a\", { n += 1; return n })\n}\nprint(r, n)")
    #expect(shared.contains("captured var 'n'"), "\(shared)")
  }

  private func steps(_ count: Int) -> String {
    (0..<count).map { "(\"s\($0)\", { \($0) })" }.joined(separator: ", ")
  }

  private func members(_ count: Int) -> String {
    (0..<count).map { ".activity(\"s\($0)\", \"a\", as: Int.self)" }.joined(separator: ", ")
  }

  /// The errors of a workflow function with this body, a line each.
  private func diagnostics(of body: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("kagzi-\(UUID().uuidString).swift")
    try "import Kagzi\nfunc workflow(_ ctx: WorkflowContext) async throws {\n\(body)\n}\n"
      .write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swiftc", "-typecheck", "-swift-version", "6"] + (try searchPaths()) + [file.path]
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").filter { $0.contains(": error: ") }.joined(separator: "\n")
  }

  /// The modules that the build made, and the maps of the C modules beneath them.
  private func searchPaths() throws -> [String] {
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let checkouts = root.appendingPathComponent(".build/checkouts")
    var maps: [String] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: products.path) where name.hasSuffix(".build") {
      let map = products.appendingPathComponent("\(name)/module.modulemap").path
      if FileManager.default.fileExists(atPath: map) { maps.append(map) }
    }
    for folder in [root.appendingPathComponent("Sources")]
      + ["swift-nio", "swift-nio-ssl", "swift-atomics", "swift-numerics"].map({ checkouts.appendingPathComponent($0) })
    {
      let files = FileManager.default.enumerator(atPath: folder.path)
      while let file = files?.nextObject() as? String {
        if file.hasSuffix("module.modulemap"), file.contains("Sources/") || folder.lastPathComponent == "Sources" {
          maps.append(folder.appendingPathComponent(file).path)
        }
      }
    }
    return ["-I", products.appendingPathComponent("Modules").path, "-Xcc", "-I\(root.path)/Sources/CMessages/include"]
      + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
  }
}
