internal import Foundation
internal import Logging
internal import Server

@main
enum KagziCommand {
  static func main() async throws {
    var settings = CoordinatorServer.Settings(databaseURL: "")
    var directory: String?
    var arguments = Array(CommandLine.arguments.dropFirst(2))[...]
    while let flag = arguments.popFirst(), let value = arguments.popFirst() {
      switch flag {
      case "--data-dir": directory = value
      case "--database-url": settings.databaseURL = value
      case "--listen": settings.port = Int(value.split(separator: ":").last ?? "") ?? 0
      default: break
      }
    }
    var logger = Logger(label: "kagzi") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .info
    let say: @Sendable (String) -> Void = { address in
      print("kagzi: listening on \(address)")
      fflush(nil)
    }
    if let directory {
      try await DevServer(dataDirectory: directory, settings: settings, logger: logger).run(onListening: say)
    } else {
      try await CoordinatorServer(settings: settings, logger: logger).run(onListening: say)
    }
  }
}
