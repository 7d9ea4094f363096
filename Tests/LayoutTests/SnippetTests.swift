import Foundation
import Testing

/// The code in `docs/` is the code of examples that the tests compile and run, to the letter (`make snippets` writes it).
@Suite("The code in docs/")
struct SnippetTests {
  struct Block: CustomStringConvertible {
    var page: String
    var language: String
    var code: String
    /// `path name`, as the comment above the block says.
    var source: String?

    var description: String { "\(page): \(source ?? String(code.prefix(40)))" }
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Every fenced block of every page.
  static func blocks() throws -> [Block] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("docs").path)
    return try names.filter { $0.hasSuffix(".md") }.sorted().flatMap { name in
      var blocks: [Block] = []
      var open: Block?
      var before = ""
      for line in try text("docs/\(name)").split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("```") {
          if let block = open {
            blocks.append(block)
            open = nil
          } else {
            let source = before.wholeMatch(of: /<!-- snippet: (.+) -->/).map { String($0.output.1) }
            open = Block(page: name, language: String(line.dropFirst(3)), code: "", source: source)
          }
        } else if open != nil {
          open?.code += "\(line)\n"
        }
        before = String(line)
      }
      return blocks
    }
  }

  static func snippet(_ source: String) throws -> String? {
    let parts = source.split(separator: " ").map(String.init)
    var lines: [Substring]?
    for line in try text(parts[0]).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasSuffix(" snippet: \(parts[1])") {
        lines = []
      } else if let found = lines, line.hasSuffix(" end snippet") {
        let indent = found.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        let code = found.map { String($0.dropFirst(indent)) }.joined(separator: "\n")
        return code.trimmingCharacters(in: .newlines) + "\n"
      } else {
        lines?.append(line)
      }
    }
    return nil
  }

  @Test("comes from an example, if it is Swift")
  func everySwiftBlockHasASource() throws {
    let strays = try Self.blocks().filter { $0.language == "swift" && $0.source == nil }
    #expect(strays.isEmpty)
  }

  @Test("is the example's, to the letter")
  func fresh() throws {
    let blocks = try Self.blocks().filter { $0.source != nil }
    #expect(!blocks.isEmpty)
    for block in blocks {
      #expect(try Self.snippet(block.source ?? "") == block.code, "\(block): run `make snippets`")
    }
  }
}
