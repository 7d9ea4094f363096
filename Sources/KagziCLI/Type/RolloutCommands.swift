internal import ArgumentParser
internal import Messages

struct SetDefaultCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-default", abstract: "Make a registered version the default for new work.")

  @OptionGroup var type: TypeArgument
  @Argument(help: "The version.") var version: UInt32
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = SetDefaultVersionRequest(
      namespace: options.resolvedNamespace, kind: type.kind, type: type.type, version: version)
    _ = try await options.call(RegistryService.SetDefaultVersion.self, request)
    if options.json {
      try JSON.print(["type": type.type, "defaultVersion": Int(version)])
    } else {
      print("version \(version) is the default of \(type.noun) type '\(type.type)'")
    }
  }
}

struct RolloutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout", abstract: "Send shares of new work to versions; the rest goes to the default.",
    discussion:
      "kagzi type rollout order 2=10      10 percent to version 2\nkagzi type rollout order --end     all to the default again"
  )

  @OptionGroup var type: TypeArgument
  @Argument(help: "VERSION=PERCENT, any number of them; they replace the earlier ones.") var weights: [String] = []
  @Flag(help: "End the rollout: everything goes to the default.") var end = false
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard weights.isEmpty == end else {
      throw ValidationError(end ? "--end takes no weights" : "give weights such as 2=10, or --end")
    }
  }

  func run() async throws {
    let weights = try weights.map { try Self.weight($0) }
    let request = SetRolloutRequest(
      namespace: options.resolvedNamespace, kind: type.kind, type: type.type, weights: weights)
    _ = try await options.call(RegistryService.SetRollout.self, request)
    if options.json {
      let shares = Dictionary(weights.map { ("\($0.version)", $0.percent) }, uniquingKeysWith: { first, _ in first })
      return try JSON.print(["type": type.type, "percent": shares])
    }
    let shares = weights.map { "\(Text.percent($0.percent)) to version \($0.version)" }
    print(
      "\(type.noun) type '\(type.type)': "
        + (shares.isEmpty ? "everything to the default" : shares.joined(separator: ", ") + ", the rest to the default"))
  }

  static func weight(_ text: String) throws -> VersionWeight {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let version = UInt32(parts[0]), let percent = Double(parts[1]) else {
      throw Failed("'\(text)' is no weight: it must be VERSION=PERCENT, such as 2=10")
    }
    return VersionWeight(version: version, percent: percent)
  }
}

struct DeprecateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deprecate", abstract: "Let a version take no new work; what is open on it ends.")

  @OptionGroup var type: TypeArgument
  @Argument(help: "The version.") var version: UInt32
  @Flag(help: "Take the deprecation back.") var undo = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let request = DeprecateVersionRequest(
      namespace: options.resolvedNamespace, kind: type.kind, type: type.type, version: version, undo: undo)
    _ = try await options.call(RegistryService.DeprecateVersion.self, request)
    if options.json {
      try JSON.print(["type": type.type, "version": Int(version), "deprecated": !undo])
    } else {
      print(
        "version \(version) of \(type.noun) type '\(type.type)' "
          + (undo ? "takes new work again" : "is deprecated: it takes no new work"))
    }
  }
}
