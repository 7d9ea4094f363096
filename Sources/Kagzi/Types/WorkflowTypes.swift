internal import Messages

/// Versions of workflows: `kagzi.workflowTypes`. All of it takes effect at once, on the running system, and survives
/// restarts; runs that are open stay on the version they began with.
public struct WorkflowTypes: Sendable {
  let client: Kagzi

  /// Makes a registered version the default: what new runs get when no rollout decides.
  public func setDefault(_ type: String, _ version: Int) async throws {
    try await client.setDefault(.workflow, type, version)
  }

  /// The default version.
  public func getDefault(_ type: String) async throws -> Int { try await describe(type).defaultVersion }

  /// Sends these shares of new runs, in percent by version, to other versions than the default. Replaces the earlier
  /// rollout; empty ends it. One workflow id always lands on the same version.
  public func setRollout(_ type: String, _ percentByVersion: [Int: Double]) async throws {
    try await client.setRollout(.workflow, type, percentByVersion)
  }

  /// Refuses new runs on a version; its open runs finish. `undo` takes that back.
  public func deprecate(_ type: String, _ version: Int, undo: Bool = false) async throws {
    try await client.deprecate(.workflow, type, version, undo: undo)
  }

  /// A type: its versions with what is open on them and who serves them.
  public func describe(_ type: String) async throws -> TypeDescription {
    let request = DescribeWorkflowTypeRequest(namespace: client.namespace, type: type)
    let response = try await client.call(RegistryService.DescribeWorkflowType.self, request)
    return TypeDescription(response.description ?? Messages.TypeDescription(type: type))
  }

  /// All types, by name.
  public func list() async throws -> [TypeDescription] {
    var request = ListWorkflowTypesRequest(namespace: client.namespace, pageSize: 1_000)
    var types: [TypeDescription] = []
    repeat {
      let response = try await client.call(RegistryService.ListWorkflowTypes.self, request)
      types += response.types.map { TypeDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return types
  }

  /// Moves open runs to another version, and tells how far it is. A dry run names the runs whose recorded steps the other
  /// version does not know, and changes nothing. Who stops reading stops it.
  public func moveRuns(
    _ type: String, from: Int, to: Int, _ filter: RunFilter = RunFilter(), dryRun: Bool = false
  ) -> AsyncThrowingStream<MoveProgress, any Error> {
    let request = MoveRunsRequest(
      namespace: client.namespace, workflowType: type, fromVersion: UInt32(clamping: from),
      toVersion: UInt32(clamping: to), filter: filter.message, dryRun: dryRun)
    return client.stream(RegistryService.MoveRuns.self, request) { MoveProgress($0) }
  }
}

extension Kagzi {
  /// Versions of workflows: defaults, rollout, deprecation, moves.
  public var workflowTypes: WorkflowTypes { WorkflowTypes(client: self) }
}
