internal import ArgumentParser
internal import Server

struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Run a coordinator on an existing Postgres.",
    discussion: ServerOptions.discussion)

  @OptionGroup var options: ServerOptions

  func run() async throws {
    let (configuration, logger) = try await options.read(needsDatabase: true)
    do {
      try await CoordinatorServer(settings: configuration.settings, logger: logger).run(
        onPages: announcePages, onListening: announceListening)
    } catch {
      throw Failed("the coordinator could not run: \(error)")
    }
  }
}
