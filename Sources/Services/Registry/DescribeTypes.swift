internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func describeWorkflowType(
    _ request: DescribeWorkflowTypeRequest, _ call: ServerCall,
    _ responder: consuming Responder<DescribeWorkflowTypeResponse>
  ) {
    responder.answer { [self] in
      let type = try typeName(namespace: request.namespace, kind: .workflow, type: request.type)
      return DescribeWorkflowTypeResponse(description: try await describe(type))
    }
  }

  internal func describeActivityType(
    _ request: DescribeActivityTypeRequest, _ call: ServerCall,
    _ responder: consuming Responder<DescribeActivityTypeResponse>
  ) {
    responder.answer { [self] in
      let type = try typeName(namespace: request.namespace, kind: .activity, type: request.type)
      return DescribeActivityTypeResponse(description: try await describe(type))
    }
  }

  internal func listWorkflowTypes(
    _ request: ListWorkflowTypesRequest, _ call: ServerCall, _ responder: consuming Responder<ListWorkflowTypesResponse>
  ) {
    responder.answer { [self] in
      let page = try await types(request.namespace, kind: 1, size: request.pageSize, token: request.pageToken)
      return ListWorkflowTypesResponse(types: page.types, nextPageToken: page.next)
    }
  }

  internal func listActivityTypes(
    _ request: ListActivityTypesRequest, _ call: ServerCall, _ responder: consuming Responder<ListActivityTypesResponse>
  ) {
    responder.answer { [self] in
      let page = try await types(request.namespace, kind: 2, size: request.pageSize, token: request.pageToken)
      return ListActivityTypesResponse(types: page.types, nextPageToken: page.next)
    }
  }

  private func describe(_ type: TypeName) async throws -> TypeDescription {
    let list = ListTypes(namespace: type.namespace, kind: type.kind, type: type.type, limit: 1)
    guard let description = try await descriptions(list).first else { throw Status.notFound(type.noun, type.type) }
    return description
  }

  private func types(
    _ namespace: String, kind: Int16, size: UInt32, token: String
  ) async throws -> (types: [TypeDescription], next: String) {
    let size = try PageToken.size(size)
    let after = try PageToken(token).key
    let found = try await descriptions(
      ListTypes(namespace: try self.namespace(namespace), kind: kind, after: after, limit: size + 1))
    let page = Array(found.prefix(size))
    return (page, found.count > size ? PageToken(sequence: 0, key: page.last?.type ?? "").text : "")
  }

  /// Types with what is open and who lives, by version.
  private func descriptions(_ list: ListTypes) async throws -> [TypeDescription] {
    try await store.read { connection in
      var parts = TypeDescriptions(rows: try connection.execute(list).rows)
      let types = parts.types
      guard !types.isEmpty else { return [] }
      let open =
        list.kind == 1
        ? try connection.execute(CountOpenRuns(namespace: list.namespace, types: types)).rows
        : try connection.execute(CountOpenActivities(namespace: list.namespace, types: types)).rows
      let live = try connection.execute(
        CountLiveWorkers(namespace: list.namespace, kind: list.kind, types: types)
      ).rows
      for count in open { parts.update(count) { $0.openCount = UInt64(count.count) } }
      for count in live { parts.update(count) { $0.liveWorkers = UInt64(count.count) } }
      return parts.descriptions
    }
  }
}

/// Types being put together from what several statements say of them.
internal struct TypeDescriptions {
  private(set) var types: [String] = []
  private var defaults: [String: UInt32] = [:]
  private var versions: [String: [UInt32: VersionDescription]] = [:]

  init(rows: [ListTypes.Row]) {
    for row in rows {
      if defaults.updateValue(UInt32(row.defaultVersion), forKey: row.type) == nil { types.append(row.type) }
      versions[row.type, default: [:]][UInt32(row.version)] = VersionDescription(
        version: UInt32(row.version), deprecated: row.isDeprecated, percent: row.percent,
        firstRegisteredAt: Timestamp(row.firstRegisteredAt), lastRegisteredAt: Timestamp(row.lastRegisteredAt))
    }
  }

  /// Sets what was counted. A version that nobody registered is shown if something is open on it: it waits for a worker.
  mutating func update(_ count: VersionCount, _ body: (inout VersionDescription) -> Void) {
    let version = UInt32(count.version)
    body(&versions[count.type, default: [:]][version, default: VersionDescription(version: version)])
  }

  var descriptions: [TypeDescription] {
    types.map { type in
      let defaultVersion = defaults[type] ?? 0
      var found = (versions[type] ?? [:]).values.sorted { $0.version < $1.version }
      for index in found.indices {
        found[index].drained = found[index].isDrained(defaultVersion: defaultVersion)
      }
      return TypeDescription(type: type, defaultVersion: defaultVersion, versions: found)
    }
  }
}

extension VersionDescription {
  /// Whether its workers may go: nothing is open on it, and neither the default nor the rollout sends it more.
  fileprivate func isDrained(defaultVersion: UInt32) -> Bool {
    openCount == 0 && (deprecated || (version != defaultVersion && percent == 0))
  }
}
