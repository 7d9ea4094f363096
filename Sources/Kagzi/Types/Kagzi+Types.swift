internal import GRPC
internal import Messages

/// What workflow and activity types have in common.
extension Kagzi {
  func setDefault(_ kind: TypeKind, _ type: String, _ version: Int) async throws {
    let request = SetDefaultVersionRequest(
      namespace: namespace, kind: kind, type: type, version: UInt32(clamping: version))
    try await knowing([version], kind, type) { try await self.call(RegistryService.SetDefaultVersion.self, request) }
  }

  func setRollout(_ kind: TypeKind, _ type: String, _ percentByVersion: [Int: Double]) async throws {
    let weights = percentByVersion.sorted { $0.key < $1.key }.map {
      VersionWeight(version: UInt32(clamping: $0.key), percent: $0.value)
    }
    let request = SetRolloutRequest(namespace: namespace, kind: kind, type: type, weights: weights)
    try await knowing(percentByVersion.keys.sorted(), kind, type) {
      try await self.call(RegistryService.SetRollout.self, request)
    }
  }

  func deprecate(_ kind: TypeKind, _ type: String, _ version: Int, undo: Bool) async throws {
    let request = DeprecateVersionRequest(
      namespace: namespace, kind: kind, type: type, version: UInt32(clamping: version), undo: undo)
    try await knowing([version], kind, type) { try await self.call(RegistryService.DeprecateVersion.self, request) }
  }

  /// Makes a call that needs versions to be registered. If they are registered in this program alone, because its worker
  /// has not started yet, the coordinator is told of them and the call is made again.
  @discardableResult
  func knowing<Response>(
    _ versions: [Int], _ kind: TypeKind, _ type: String, _ call: () async throws -> Response
  ) async throws -> Response {
    do {
      return try await call()
    } catch let error as KagziError where error.isVersionUnknown {
      let registered = registry.snapshot
      let isKnownHere = versions.contains { version in
        let key = TypeKey(name: type, version: UInt32(clamping: version))
        return kind == .activity ? registered.activities[key] != nil : registered.workflows[key] != nil
      }
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
