import Foundation
import Testing

@Suite("The README")
struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test(
    "its programs are the examples that the tests run, to the letter",
    arguments: [("python", "examples/python/simple.py"), ("swift", "examples/swift/Simple/Simple.swift")])
  func programs(language: String, path: String) throws {
    #expect(try Self.text("README.md").contains("```\(language)\n\(try Self.text(path))```"))
  }

  @Test(
    "every file and folder that it and the docs link to is there",
    arguments: ["README.md", "docs/architecture.md", "docs/workers.md", "docs/health.md"])
  func links(page: String) throws {
    let text = try Self.text(page)
    let folder = Self.root.appendingPathComponent(page).deletingLastPathComponent()
    for match in text.matches(of: /\]\(([^)#:]+)\)/) {
      let target = folder.appendingPathComponent(String(match.output.1)).standardizedFileURL.path
      #expect(FileManager.default.fileExists(atPath: target), "\(page) links to \(match.output.1)")
    }
  }
}
