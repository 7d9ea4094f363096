import Foundation
import Testing

/// Both SDKs reach everything that the coordinator serves, and the page that says how names every call.
@Suite("The SDKs and the contract")
struct SDKCoverageTests {
  /// For workers without a stream, which have no need of an SDK.
  private static let unaryTwins: Set = ["ClaimTasks", "ReportTasks", "Heartbeat"]

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// `Service.Method`, as the contract has them.
  private static func methods() throws -> [String] {
    try text(in: "Protos/kagzi/v1", suffix: ".proto").matches(
      of: /service (\w+) \{(?<body>.*?)\n\}/.dotMatchesNewlines()
    )
    .flatMap { service in
      service.output.body.matches(of: /rpc (\w+)\(/).map { "\(service.output.1).\($0.output.1)" }
    }
  }

  private static func text(in folder: String, suffix: String) throws -> String {
    let folder = root.appendingPathComponent(folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(suffix) }
      .sorted()
    return try files.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
  }

  @Test("every method of the contract is called by the Swift SDK")
  func swift() throws {
    let sources = try Self.text(in: "Sources/Kagzi", suffix: ".swift")
    let missing = try Self.methods().filter { method in
      !Self.unaryTwins.contains(String(method.split(separator: ".")[1])) && !sources.contains("\(method).self")
    }
    #expect(missing == [])
  }

  @Test("every method of the contract is called by the Python SDK")
  func python() throws {
    let sources = try Self.text(in: "clients/python/src/kagzi", suffix: ".py")
    let missing = try Self.methods().filter { method in
      let parts = method.split(separator: ".")
      return !Self.unaryTwins.contains(String(parts[1])) && !sources.contains("\"\(parts[1])\"")
        && !sources.contains("\"\(parts[0])/\(parts[1])\"")
    }
    #expect(missing == [])
  }

  @Test("every method of the contract is in the table of the SDKs' calls")
  func documented() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/sdks.md"), encoding: .utf8)
    let methods = try Self.methods()
    #expect(methods.count > 50)
    #expect(methods.filter { !page.contains("`\($0.split(separator: ".")[1])`") } == [])
  }
}
