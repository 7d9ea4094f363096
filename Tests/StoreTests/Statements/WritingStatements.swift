import Foundation
import Testing

/// The statements in the sources whose SQL locks or changes rows.
enum WritingStatements {
  private static let words = [
    "INSERT INTO", "UPDATE kagzi.", "DELETE FROM", "FOR UPDATE", "FOR NO KEY UPDATE", "NewStepArrays.insert",
  ]

  static func names() throws -> Set<String> {
    let root = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
    let folder = root.appending(path: "Sources/Store/Statements")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var names: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "package static let name = \"")
      for part in parts.dropFirst() where words.contains(where: part.contains) {
        names.insert(String(part.prefix { $0 != "\"" }))
      }
    }
    return names
  }
}
