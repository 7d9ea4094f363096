internal import ArgumentParser
internal import Messages
internal import Services

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print this binary's version and, with --address, the coordinator's.")

  @OptionGroup var options: ClientOptions

  func run() async throws {
    guard options.address != nil else {
      if options.json {
        try JSON.print(["client": KagziVersion.current])
      } else {
        print("kagzi \(KagziVersion.current)")
      }
      return
    }
    let server = try await options.call(AdminService.GetServerInfo.self, GetServerInfoRequest())
    guard !options.json else {
      return try JSON.print([
        "client": KagziVersion.current, "server": server.version, "coordinatorId": server.coordinatorID,
        "schemaVersion": Int(server.schemaVersion), "startedAt": JSON.time(server.startedAt),
      ])
    }
    print("client  kagzi \(KagziVersion.current)")
    print("server  kagzi \(server.version), schema \(server.schemaVersion), up since \(Text.time(server.startedAt))")
  }
}
