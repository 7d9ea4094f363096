import Foundation
import Testing

/// The layers of docs/architecture.md, as the imports of the sources.
@Suite("Dependencies point one way")
struct DependencyTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

  /// Which modules of this package a module may import.
  private static let allowed: [String: Set<String>] = [
    "Messages": ["CMessages"], "HTTP2": ["CNghttp2"], "GRPC": ["HTTP2", "Messages", "CZlib"],
    "Engine": [], "Postgres": ["CLibpq"], "PostgresCluster": ["Postgres"], "Meters": [],
    "Store": ["Postgres", "Engine", "Meters"],
    "Services": ["GRPC", "Messages", "Store", "Engine", "Postgres", "Meters"],
    "OperatorHTTP": ["Services", "Messages", "Engine", "Meters"],
    "Maintenance": ["Services", "Store", "Postgres", "Engine"],
    "Server": [
      "Services", "Maintenance", "Store", "Postgres", "Engine", "GRPC", "Messages", "PostgresCluster", "Meters",
      "OperatorHTTP",
    ],
    "Kagzi": ["GRPC", "Messages"],
    "KagziCLI": ["Server", "Services", "Kagzi", "GRPC", "Messages"],
  ]

  @Test("no source file imports a module above its own", arguments: allowed.keys.sorted())
  func imports(module: String) throws {
    let own = Set(Self.allowed.keys).union(["CMessages", "CNghttp2", "CLibpq", "CProtobufC", "CZlib"])
    let permitted = try #require(Self.allowed[module])
    let files = try Self.swiftFiles(in: Self.sources.appendingPathComponent(module))
    #expect(!files.isEmpty)
    for file in files {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.contains("import ") {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), keyword <= 2, !line.hasPrefix("//") else { continue }
        let imported = String(words[keyword + 1])
        guard own.contains(imported) else { continue }
        #expect(permitted.contains(imported), "\(file.lastPathComponent) imports \(imported)")
      }
    }
  }

  @Test("SQL stands in the store and below only")
  func sql() throws {
    let verbs = ["SELECT ", "INSERT INTO ", "DELETE FROM "]
    for module in [
      "Engine", "Services", "Maintenance", "Server", "OperatorHTTP", "Meters", "GRPC", "HTTP2", "Kagzi", "KagziCLI",
    ] {
      for file in try Self.swiftFiles(in: Self.sources.appendingPathComponent(module)) {
        let text = try String(contentsOf: file, encoding: .utf8)
        for verb in verbs { #expect(!text.contains(verb), "\(file.lastPathComponent) holds SQL") }
      }
    }
  }

  private static func swiftFiles(in folder: URL) throws -> [URL] {
    let enumerator = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (enumerator?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
  }
}
