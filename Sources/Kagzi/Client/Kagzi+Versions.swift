/// Which version new runs get, under the names of the guide; `workflowTypes` has the same and more. All of it takes effect
/// at once, on the running system, and survives restarts; runs that are open stay on the version they began with.
extension Kagzi {
  /// Makes a version the default of its type: what `startWorkflow` gives when no rollout decides.
  ///
  /// The version must have been registered, by a worker anywhere or by this program; if only this program knows it, the
  /// coordinator is told first. Throws `KagziError` with code `refused` for a version nobody registered.
  public func setDefaultWorkflowVersion(_ name: String, _ version: Int) async throws {
    try await workflowTypes.setDefault(name, version)
  }

  /// The default version of a type.
  public func getDefaultWorkflowVersion(_ name: String) async throws -> Int {
    try await workflowTypes.getDefault(name)
  }

  /// The registered versions of a type, lowest first, with their open runs and live workers.
  public func listWorkflowVersions(_ name: String) async throws -> [VersionDescription] {
    try await workflowTypes.describe(name).versions
  }

  /// Refuses new starts on a version; its open runs finish. `undo` takes that back.
  public func deprecateWorkflowVersion(_ name: String, _ version: Int, undo: Bool = false) async throws {
    try await workflowTypes.deprecate(name, version, undo: undo)
  }

  /// Sends these shares of new runs, in percent by version, to other versions than the default: a canary is `[3: 5]`.
  /// One workflow id always lands on the same version. Replaces the earlier rollout; empty ends it.
  public func setWorkflowRollout(_ name: String, _ percentByVersion: [Int: Double]) async throws {
    try await workflowTypes.setRollout(name, percentByVersion)
  }
}
