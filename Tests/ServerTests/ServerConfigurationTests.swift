import Foundation
import Logging
import OperatorHTTP
import Services
import Testing

@testable import Server

@Suite("The server's configuration")
struct ServerConfigurationTests {
  private func read(
    flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil, needsDatabase: Bool = false
  ) async throws -> ServerConfiguration {
    try await ServerConfiguration.read(
      flags: flags, environment: environment, file: file, needsDatabase: needsDatabase)
  }

  private func withFile<Result>(_ text: String, _ body: (String) async throws -> Result) async throws -> Result {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("kagzi-\(UUID().uuidString).json")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try await body(file.path)
  }

  @Test("without anything set, every documented default holds")
  func defaults() async throws {
    let settings = try await read().settings
    let limits = CoordinatorLimits()
    #expect(settings.host == "127.0.0.1" && settings.port == 7480)
    #expect(settings.lanes == 2 && settings.readConnections == 4 && settings.eventLoopThreads == 2)
    #expect(settings.limits.maxMessageBytes == limits.maxMessageBytes)
    #expect(settings.limits.maxPayloadBytes == limits.maxPayloadBytes)
    #expect(settings.limits.defaultLease == limits.defaultLease)
    #expect(settings.limits.acceptTimeout == limits.acceptTimeout)
    #expect(settings.limits.cancelGrace == limits.cancelGrace)
    #expect(settings.limits.lossLimit == limits.lossLimit)
    #expect(settings.drainTimeout == .seconds(30))
  }

  @Test("flags go before variables, variables before the file; keys of two words work in all three")
  func precedence() async throws {
    try await withFile(#"{"read-connections": 5, "lanes": 3, "accept-timeout": "7s", "listen": "127.0.0.1:1"}"#) {
      file in
      let variables = ["KAGZI_READ_CONNECTIONS": "6", "KAGZI_LANES": "4"]
      let settings = try await read(flags: ["read-connections": "7"], environment: variables, file: file).settings
      #expect(settings.readConnections == 7)
      #expect(settings.lanes == 4)
      #expect(settings.limits.acceptTimeout == .seconds(7))
      #expect(settings.port == 1)
    }
  }

  @Test(
    "a value that cannot be used is refused by key, value and remedy",
    arguments: [
      ("lanes", "x"), ("lanes", "0"), ("lanes", "17"), ("listen", "nowhere"), ("listen", ":1"),
      ("listen", "127.0.0.1:99999"), ("accept-timeout", "5"), ("accept-timeout", "5 s"), ("log-level", "loud"),
      ("max-payload-bytes", "4194304"), ("lease-default", "2h"), ("tls-certificate", "/nonexistent"),
    ])
  func refusal(key: String, value: String) async throws {
    let error = await #expect(throws: ConfigurationError.self) { try await read(flags: [key: value]) }
    #expect(error?.description.contains(key.split(separator: "-")[0]) == true || key.hasPrefix("tls"))
  }

  @Test(
    "checklist 21: the HTTP pages are off unless asked for; kagzi dev has them, and only there another port will do")
  func pages() async throws {
    var settings = try await read().settings
    #expect(settings.pages == nil)
    settings.usePagesByDefault()
    #expect(settings.pages == OperatorPages.Settings(host: "127.0.0.1", port: 7481, isPortNegotiable: true))
    var asked = try await read(environment: ["KAGZI_HTTP_LISTEN": "0.0.0.0:9000"]).settings
    asked.usePagesByDefault()
    #expect(asked.pages == OperatorPages.Settings(host: "0.0.0.0", port: 9_000, isPortNegotiable: false))
    let error = await #expect(throws: ConfigurationError.self) { try await read(flags: ["http-listen": "nowhere"]) }
    #expect(error?.description.contains("http-listen is 'nowhere'") == true)
  }

  @Test("a server without a database is refused with the two ways out")
  func database() async throws {
    let error = await #expect(throws: ConfigurationError.self) { try await read(needsDatabase: true) }
    #expect(error?.description.contains("--database-url") == true && error?.description.contains("kagzi dev") == true)
  }

  @Test("what means nothing is warned of with the nearest name")
  func warnings() async throws {
    try await withFile(#"{"lane": 3}"#) { file in
      let configuration = try await read(environment: ["KAGZI_LISTEM": "x", "OTHER": "y"], file: file)
      #expect(configuration.warnings.count == 2)
      #expect(configuration.warnings.contains { $0.contains("KAGZI_LISTEM") && $0.contains("KAGZI_LISTEN") })
      #expect(configuration.warnings.contains { $0.contains("lanes?") })
    }
  }

  @Test("durations", arguments: [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000)])
  func durations(text: String, milliseconds: Int) {
    #expect(DurationText.parse(text) == .milliseconds(milliseconds))
  }

  @Test("what is no duration", arguments: ["", "s", "5", "5d", "-1s", "1.5s", "99999999999999999999s"])
  func badDurations(text: String) { #expect(DurationText.parse(text) == nil) }

  @Test("the README's table lists every key as it is")
  func readme() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("README.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("<!-- configuration -->\n\(ConfigurationKey.markdownTable)\n<!-- /configuration -->"))
  }
}
