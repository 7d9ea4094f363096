internal import Messages

/// Versions of activities: `kagzi.activityTypes`. As for workflows: a step that does not name a version gets the rollout's,
/// else the default, when it is scheduled, and stays on it.
public struct ActivityTypes: Sendable {
  let client: Kagzi

  /// Makes a registered version the default: what new steps get when no rollout decides.
  public func setDefault(_ type: String, _ version: Int) async throws {
    try await client.setDefault(.activity, type, version)
  }

  /// The default version.
  public func getDefault(_ type: String) async throws -> Int { try await describe(type).defaultVersion }

  /// Sends these shares of new steps, in percent by version, to other versions than the default. Replaces the earlier
  /// rollout; empty ends it.
  public func setRollout(_ type: String, _ percentByVersion: [Int: Double]) async throws {
    try await client.setRollout(.activity, type, percentByVersion)
  }

  /// Refuses new steps on a version; its open ones finish. `undo` takes that back.
  public func deprecate(_ type: String, _ version: Int, undo: Bool = false) async throws {
    try await client.deprecate(.activity, type, version, undo: undo)
  }

  /// A type: its versions with what is open on them and who serves them.
  public func describe(_ type: String) async throws -> TypeDescription {
    let request = DescribeActivityTypeRequest(namespace: client.namespace, type: type)
    let response = try await client.call(RegistryService.DescribeActivityType.self, request)
    return TypeDescription(response.description ?? Messages.TypeDescription(type: type))
  }

  /// All types, by name.
  public func list() async throws -> [TypeDescription] {
    var request = ListActivityTypesRequest(namespace: client.namespace, pageSize: 1_000)
    var types: [TypeDescription] = []
    repeat {
      let response = try await client.call(RegistryService.ListActivityTypes.self, request)
      types += response.types.map { TypeDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return types
  }
}

extension Kagzi {
  /// Versions of activities.
  public var activityTypes: ActivityTypes { ActivityTypes(client: self) }
}
