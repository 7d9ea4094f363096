internal import ArgumentParser
internal import GRPC
internal import Messages

struct GroupsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "groups", abstract: "List a run's parallel groups.")

  @OptionGroup var run: RunArgument
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let groups = try await options.withClient { client in
      try await load(try await run.load(client, options).runID, client)
    }
    if options.json { try JSON.print(groups.map { JSON.group($0) }) } else { Self.table(groups).print() }
  }

  private func load(_ runID: String, _ client: GRPCClient) async throws -> [Messages.Group] {
    var groups: [Messages.Group] = []
    var request = ListGroupsRequest(namespace: options.resolvedNamespace, runID: runID, pageSize: 500)
    repeat {
      let page = try await client.unary(WorkflowService.ListGroups.self, request, deadline: try options.deadline)
      groups += page.groups
      request.pageToken = page.nextPageToken
    } while !request.pageToken.isEmpty
    return groups
  }

  static func table(_ groups: [Messages.Group]) -> Table {
    var table = Table("group", "strategy", "verdict", "members", "succeeded", "failed", "took", "winner")
    for group in groups {
      let quorum = group.quorum > 0 ? " \(group.quorum)" : ""
      table.add(
        group.key, Text.name(group.strategy) + quorum,
        group.verdict == .unspecified ? "OPEN" : Text.name(group.verdict),
        group.memberCount == 0 ? "-" : "\(group.memberCount)", "\(group.succeeded)", "\(group.failed)",
        Text.duration(from: group.openedAt, to: group.resolvedAt), group.winner)
    }
    return table
  }
}

extension JSON {
  static func group(_ group: Messages.Group) -> [String: Any] {
    [
      "key": group.key, "strategy": Text.name(group.strategy), "verdict": Text.name(group.verdict),
      "memberCount": Int(group.memberCount), "succeeded": Int(group.succeeded), "failed": Int(group.failed),
      "quorum": Int(group.quorum), "maxConcurrency": Int(group.maxConcurrency), "winner": group.winner,
      "parentStep": group.parentStep, "openedAt": time(group.openedAt), "resolvedAt": time(group.resolvedAt),
      "deadlineAt": time(group.deadlineAt),
    ]
  }
}
