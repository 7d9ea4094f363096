internal import GRPC
internal import Messages

/// Which version new runs get. All of it takes effect at once, on the running system, and survives restarts; runs that
/// are open stay on the version they began with.
extension Kagzi {
  /// Makes a version the default of its type: what `startWorkflow` gives when no rollout decides.
  ///
  /// The version must have been registered, by a worker anywhere or by this program; if only this program knows it, the
  /// coordinator is told first. Throws `KagziError` with code `refused` for a version nobody registered.
  public func setDefaultWorkflowVersion(_ name: String, _ version: Int) async throws {
    let request = SetDefaultVersionRequest(
      namespace: namespace, kind: .workflow, type: name, version: UInt32(clamping: version))
    try await knowing([version], of: name) { try await self.call(RegistryService.SetDefaultVersion.self, request) }
  }

  /// The default version of a type.
  public func getDefaultWorkflowVersion(_ name: String) async throws -> Int {
    Int(try await describe(name).defaultVersion)
  }

  /// The registered versions of a type, lowest first, with their open runs and live workers.
  public func listWorkflowVersions(_ name: String) async throws -> [WorkflowVersion] {
    let description = try await describe(name)
    return description.versions.map { WorkflowVersion($0, defaultVersion: description.defaultVersion) }
  }

  /// Refuses new starts on a version; its open runs finish. `undo` takes that back.
  public func deprecateWorkflowVersion(_ name: String, _ version: Int, undo: Bool = false) async throws {
    let request = DeprecateVersionRequest(
      namespace: namespace, kind: .workflow, type: name, version: UInt32(clamping: version), undo: undo)
    _ = try await call(RegistryService.DeprecateVersion.self, request)
  }

  /// Sends these shares of new runs, in percent by version, to other versions than the default: a canary is `[3: 5]`.
  /// One workflow id always lands on the same version. Replaces the earlier rollout; empty ends it.
  public func setWorkflowRollout(_ name: String, _ percentByVersion: [Int: Double]) async throws {
    let weights = percentByVersion.sorted { $0.key < $1.key }.map {
      VersionWeight(version: UInt32(clamping: $0.key), percent: $0.value)
    }
    let request = SetRolloutRequest(namespace: namespace, kind: .workflow, type: name, weights: weights)
    try await knowing(percentByVersion.keys.sorted(), of: name) {
      try await self.call(RegistryService.SetRollout.self, request)
    }
  }

  private func describe(_ name: String) async throws -> TypeDescription {
    let request = DescribeWorkflowTypeRequest(namespace: namespace, type: name)
    return try await call(RegistryService.DescribeWorkflowType.self, request).description ?? TypeDescription()
  }

  /// Makes a call that needs versions to be registered. If they are registered in this program alone, because its worker
  /// has not started yet, the coordinator is told of them and the call is made again.
  @discardableResult
  func knowing<Response>(
    _ versions: [Int], of name: String, _ call: () async throws -> Response
  ) async throws -> Response {
    do {
      return try await call()
    } catch let error as KagziError where error.isVersionUnknown {
      let known = registry.snapshot.workflows
      let isKnownHere = versions.contains { known[TypeKey(name: name, version: UInt32(clamping: $0))] != nil }
      guard isKnownHere else { throw error }
      try await announce()
      return try await call()
    }
  }

  /// Tells the coordinator what is registered here: a worker registers, takes no tasks, and leaves.
  private func announce() async throws {
    let configuration = createWorkerBuilder().workerID("registration-of-\(ProcessFacts.hostname)").configuration
    do {
      let session = try await coordinator.register(
        WorkSession.registration(of: registry.snapshot, by: configuration)
      ).sessionID
      _ = try await coordinator.call(
        WorkerService.DeregisterWorker.self,
        DeregisterWorkerRequest(sessionID: session, reason: "It only registered versions"), timeout: .seconds(10))
    } catch {
      throw KagziError(error)
    }
  }
}
