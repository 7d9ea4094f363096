internal import ArgumentParser
internal import Foundation
internal import Server

struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Run a coordinator with a private Postgres of its own; no set-up needed.",
    discussion: ServerOptions.discussion)

  @Option(help: "The folder of the private Postgres, made if need be (KAGZI_DATA_DIR). Default: .kagzi")
  var dataDir: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    var (configuration, logger) = try await options.read(needsDatabase: false)
    configuration.settings.usePagesByDefault()
    let folder = dataDir ?? ProcessInfo.processInfo.environment["KAGZI_DATA_DIR"] ?? ".kagzi"
    do {
      try await DevServer(dataDirectory: folder, settings: configuration.settings, logger: logger)
        .run(onPages: announcePages, onListening: announceListening)
    } catch {
      throw Failed("the coordinator could not run: \(error)")
    }
  }
}
