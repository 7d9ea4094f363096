internal import Configuration
internal import Foundation
package import Logging
internal import OperatorHTTP
internal import Services
internal import SystemPackage

/// The server's configuration: flags go before the environment, the environment before the file.
package struct ServerConfiguration: Sendable {
  package var settings: CoordinatorServer.Settings
  package var logLevel: Logger.Level
  /// What is set but means nothing, one sentence each.
  package var warnings: [String]

  /// Reads and checks everything once.
  /// - Parameters:
  ///   - flags: values by key name, such as `listen`.
  ///   - environment: variables by name.
  ///   - file: a JSON file; nil: none.
  ///   - needsDatabase: whether a missing database-url is an error.
  /// - Throws: `ConfigurationError`.
  package static func read(
    flags: [String: String], environment: [String: String], file: String?, needsDatabase: Bool
  ) async throws -> ServerConfiguration {
    var variables = environment
    for (name, value) in flags {
      if let key = ConfigurationKey.all.first(where: { $0.name == name }) { variables[key.environmentName] = value }
    }
    var providers: [any ConfigProvider] = [
      EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "kagzi")
    ]
    var warnings = unknownVariables(environment)
    if let file {
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
      } catch {
        throw ConfigurationError("the configuration file \(file) cannot be read: \(error)")
      }
      warnings += try unknownKeys(file)
    }
    let values = Values(reader: ConfigReader(providers: providers))
    return ServerConfiguration(
      settings: try settings(values, needsDatabase: needsDatabase), logLevel: try values.logLevel(), warnings: warnings)
  }

  private static func settings(_ values: Values, needsDatabase: Bool) throws -> CoordinatorServer.Settings {
    let url = values.text("database-url")
    guard !url.isEmpty || !needsDatabase else {
      throw ConfigurationError(
        "no database: give --database-url or KAGZI_DATABASE_URL, or use `kagzi dev`, which makes its own")
    }
    var settings = CoordinatorServer.Settings(databaseURL: url)
    (settings.host, settings.port) = try values.address("listen")
    if !values.text("http-listen").isEmpty {
      let address = try values.address("http-listen")
      settings.pages = OperatorPages.Settings(host: address.host, port: address.port)
    }
    settings.tls = try tls(values)
    settings.eventLoopThreads = try values.integer("event-loop-threads", 1...64)
    settings.lanes = try values.integer("lanes", 1...16)
    settings.readConnections = try values.integer("read-connections", 1...64)
    settings.lookupConnections = try values.integer("lookup-connections", 1...64)
    settings.limits.maxMessageBytes = try values.integer("max-message-bytes", 65_536...(1 << 30))
    settings.limits.maxPayloadBytes = try values.integer("max-payload-bytes", 1_024...(1 << 30))
    guard settings.limits.maxPayloadBytes < settings.limits.maxMessageBytes else {
      throw ConfigurationError("max-payload-bytes must be less than max-message-bytes: a message carries the payload")
    }
    settings.limits.defaultLease = try values.duration("lease-default")
    guard settings.limits.leases.contains(settings.limits.defaultLease) else {
      throw ConfigurationError.value("lease-default", values.text("lease-default"), "1s to 1h")
    }
    settings.limits.acceptTimeout = try values.duration("accept-timeout")
    settings.limits.cancelGrace = try values.duration("cancel-grace")
    settings.limits.lossLimit = Int32(try values.integer("loss-limit", 1...1_000_000))
    settings.limits.retentionInterval = try values.duration("retention-interval")
    settings.drainTimeout = try values.duration("drain-timeout")
    return settings
  }

  private static func tls(_ values: Values) throws -> CoordinatorServer.TLSFiles? {
    let certificate = values.text("tls-certificate")
    let key = values.text("tls-private-key")
    let authorities = values.text("tls-client-ca")
    if certificate.isEmpty && key.isEmpty && authorities.isEmpty { return nil }
    guard !certificate.isEmpty, !key.isEmpty else {
      throw ConfigurationError("TLS needs both tls-certificate and tls-private-key")
    }
    for file in [certificate, key, authorities] where !file.isEmpty {
      guard FileManager.default.isReadableFile(atPath: file) else {
        throw ConfigurationError("the file \(file) cannot be read")
      }
    }
    return CoordinatorServer.TLSFiles(
      certificate: certificate, privateKey: key, clientAuthorities: authorities.isEmpty ? nil : authorities)
  }

  // MARK: What is set but means nothing

  /// Variables of the command line itself.
  private static let otherVariables: Set<String> = [
    "KAGZI_CONFIG", "KAGZI_DATA_DIR", "KAGZI_ADDRESS", "KAGZI_NAMESPACE",
  ]

  private static func unknownVariables(_ environment: [String: String]) -> [String] {
    let known = Set(ConfigurationKey.all.map(\.environmentName)).union(otherVariables)
    return environment.keys.sorted().filter { $0.hasPrefix("KAGZI_") && !known.contains($0) }
      .map { "the variable \($0) means nothing to this version; did you mean \(nearest($0, among: known))?" }
  }

  private static func unknownKeys(_ file: String) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: file),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { throw ConfigurationError("the configuration file \(file) must hold one JSON object") }
    let known = Set(ConfigurationKey.all.map(\.name))
    return object.keys.sorted().filter { !known.contains($0) }
      .map { "the key \($0) in \(file) means nothing to this version; did you mean \(nearest($0, among: known))?" }
  }

  private static func nearest(_ name: String, among known: Set<String>) -> String {
    known.sorted().min { distance($0, name) < distance($1, name) } ?? ""
  }

  /// Levenshtein's.
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
      var previous = row[0]
      row[0] = index + 1
      for column in right.indices {
        let cost = min(row[column] + 1, row[column + 1] + 1, previous + (right[column] == character ? 0 : 1))
        previous = row[column + 1]
        row[column + 1] = cost
      }
    }
    return row[right.count]
  }
}

/// Values by key, or their defaults.
private struct Values {
  let reader: ConfigReader

  func text(_ name: String) -> String {
    let key = ConfigKey([name])
    if let text = reader.string(forKey: key) { return text }
    if let number = reader.int(forKey: key) { return String(number) }
    return ConfigurationKey.all.first { $0.name == name }?.defaultValue ?? ""
  }

  func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
    let text = text(name)
    guard let number = Int(text), range.contains(number) else {
      throw ConfigurationError.value(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func duration(_ name: String) throws -> Duration {
    let text = text(name)
    guard let duration = DurationText.parse(text) else {
      throw ConfigurationError.value(name, text, "a duration such as 500ms, 30s, 5m or 2h")
    }
    return duration
  }

  func address(_ name: String) throws -> (host: String, port: Int) {
    let text = text(name)
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port), colon != text.startIndex
    else { throw ConfigurationError.value(name, text, "host:port, such as 127.0.0.1:7480") }
    return (text[..<colon].trimmingCharacters(in: ["[", "]"]), port)
  }

  func logLevel() throws -> Logger.Level {
    let text = text("log-level")
    guard let level = Logger.Level(rawValue: text) else {
      throw ConfigurationError.value("log-level", text, "trace, debug, info, notice, warning, error or critical")
    }
    return level
  }
}
