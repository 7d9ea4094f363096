internal import ArgumentParser
internal import GRPC
internal import Messages

struct ListTypesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List types by name.")

  @Flag(help: "List activity types.") var activity = false
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let types = try await options.withClient { client in
      var types: [TypeDescription] = []
      var token = ""
      repeat {
        let page = try await page(client, token)
        types += page.types
        token = page.next
      } while !token.isEmpty
      return types
    }
    guard !options.json else { return try JSON.print(types.map { JSON.type($0) }) }
    var table = Table("type", "default", "open", "versions")
    for type in types {
      table.add(
        type.type, "\(type.defaultVersion)", "\(type.versions.reduce(0) { $0 + $1.openCount })",
        type.versions.map { summary($0) }.joined(separator: ", "))
    }
    table.print()
  }

  private func summary(_ version: VersionDescription) -> String {
    let facts = [version.deprecated ? "deprecated" : "", Text.percent(version.percent)].filter { !$0.isEmpty }
    return "\(version.version)" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
  }

  private func page(_ client: GRPCClient, _ token: String) async throws -> (types: [TypeDescription], next: String) {
    let (namespace, deadline) = (options.resolvedNamespace, try options.deadline)
    if activity {
      let page = try await client.unary(
        RegistryService.ListActivityTypes.self,
        ListActivityTypesRequest(namespace: namespace, pageSize: 1_000, pageToken: token), deadline: deadline)
      return (page.types, page.nextPageToken)
    }
    let page = try await client.unary(
      RegistryService.ListWorkflowTypes.self,
      ListWorkflowTypesRequest(namespace: namespace, pageSize: 1_000, pageToken: token), deadline: deadline)
    return (page.types, page.nextPageToken)
  }
}

struct DescribeTypeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Show a type's versions: shares, what is open on them, live workers.")

  @OptionGroup var type: TypeArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let description = try await describe()
    guard !options.json else { return try JSON.print(JSON.type(description)) }
    print("\(type.noun) type \(description.type), default version \(description.defaultVersion)\n")
    var table = Table("version", "share", "open", "workers", "state", "first registered", "last registered")
    for version in description.versions {
      let states = [
        version.version == description.defaultVersion ? "default" : "", version.deprecated ? "deprecated" : "",
        version.drained ? "drained" : "", version.firstRegisteredAt == nil ? "never registered" : "",
      ]
      table.add(
        "\(version.version)", Text.percent(version.percent), "\(version.openCount)", "\(version.liveWorkers)",
        states.filter { !$0.isEmpty }.joined(separator: ", "), Text.time(version.firstRegisteredAt),
        Text.time(version.lastRegisteredAt))
    }
    table.print()
  }

  private func describe() async throws -> TypeDescription {
    if type.activity {
      let request = DescribeActivityTypeRequest(namespace: options.resolvedNamespace, type: type.type)
      return try await options.call(RegistryService.DescribeActivityType.self, request).description
        ?? TypeDescription()
    }
    let request = DescribeWorkflowTypeRequest(namespace: options.resolvedNamespace, type: type.type)
    return try await options.call(RegistryService.DescribeWorkflowType.self, request).description ?? TypeDescription()
  }
}
