internal import ArgumentParser
internal import GRPC
internal import Messages

struct CreateNamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a namespace.")

  @OptionGroup var argument: NamespaceArgument
  @Option(help: "What it is for.") var description = ""
  @Option(help: "Keep closed runs this long, such as 12h or 30d. Default: forever") var retention: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let retention = try retention.map { try NamespaceCommand.retention($0) } ?? .zero
    let request = CreateNamespaceRequest(
      name: argument.name, description: description, retention: retention == .zero ? nil : ProtoDuration(retention))
    let response = try await options.call(AdminService.CreateNamespace.self, request)
    try NamespaceCommand.show(response.namespace, options)
  }
}

struct GetNamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "get", abstract: "Show a namespace.")

  @OptionGroup var argument: NamespaceArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(AdminService.GetNamespace.self, GetNamespaceRequest(name: argument.name))
    try NamespaceCommand.show(response.namespace, options)
  }
}

struct ListNamespacesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List namespaces by name.")

  @OptionGroup var options: ClientOptions

  func run() async throws {
    let namespaces = try await options.withClient { client in
      var namespaces: [Namespace] = []
      var request = ListNamespacesRequest(pageSize: 1_000)
      repeat {
        let page = try await client.unary(
          AdminService.ListNamespaces.self, request, deadline: try options.deadline)
        namespaces += page.namespaces
        request.pageToken = page.nextPageToken
      } while !request.pageToken.isEmpty
      return namespaces
    }
    guard !options.json else { return try JSON.print(namespaces.map { JSON.namespace($0) }) }
    var table = Table("name", "state", "retention", "created", "description")
    for namespace in namespaces {
      table.add(
        namespace.name, namespace.enabled ? "enabled" : "disabled", Text.retention(namespace.retention),
        Text.time(namespace.createdAt), namespace.description)
    }
    table.print()
  }
}

struct UpdateNamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change a namespace; what is not given stays.")

  @OptionGroup var argument: NamespaceArgument
  @Option(help: "What it is for.") var description: String?
  @Option(help: "Keep closed runs this long, such as 12h or 30d, or 'forever'.") var retention: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let retention = try retention.map { ProtoDuration(try NamespaceCommand.retention($0)) }
    let request = UpdateNamespaceRequest(name: argument.name, description: description, retention: retention)
    let response = try await options.call(AdminService.UpdateNamespace.self, request)
    try NamespaceCommand.show(response.namespace, options)
  }
}

struct EnableNamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Let a namespace take new work again.")

  @OptionGroup var argument: NamespaceArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    _ = try await options.call(AdminService.EnableNamespace.self, EnableNamespaceRequest(name: argument.name))
    if options.json {
      try JSON.print(["name": argument.name, "enabled": true])
    } else {
      print("namespace '\(argument.name)' takes new work")
    }
  }
}

struct DisableNamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Refuse new work in a namespace; open runs go on to their end.")

  @OptionGroup var argument: NamespaceArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    _ = try await options.call(AdminService.DisableNamespace.self, DisableNamespaceRequest(name: argument.name))
    if options.json {
      try JSON.print(["name": argument.name, "enabled": false])
    } else {
      print("namespace '\(argument.name)' takes no new work")
    }
  }
}
