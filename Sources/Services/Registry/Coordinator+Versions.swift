internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  /// The version of a new run, as `Registry.version` chooses it. A refusal is looked at again with what the database says
  /// now: the version may have been registered, or its deprecation taken back, elsewhere a moment ago.
  /// - Parameter asked: the version that the caller names; nil: none.
  internal func workflowVersion(
    _ asked: Int32?, of type: String, namespace: String, workflowID: String
  ) async throws(Status) -> Int32 {
    func choose() throws(VersionRefusal) -> Int32 {
      try registry.version(asked, of: type, kind: .workflow, namespace: namespace, key: workflowID)
    }
    if let version = try? choose() { return version }
    do {
      try await registry.refresh(from: store)
    } catch {
      throw Status(error)
    }
    do {
      return try choose()
    } catch {
      throw Status(error, type: type)
    }
  }
}

extension Status {
  /// A refused version as a failed call.
  internal init(_ refusal: VersionRefusal, type: String) {
    switch refusal {
    case .notRegistered(let version): self = .versionNotRegistered(type, UInt32(clamping: version))
    case .deprecated(let version): self = .versionDeprecated(type, UInt32(clamping: version))
    case .isDefault(let version): self = .versionIsDefault(type, UInt32(clamping: version))
    }
  }

  /// The default version cannot be deprecated.
  private static func versionIsDefault(_ type: String, _ version: UInt32) -> Status {
    let reason =
      "version \(version) is the default of '\(type)', and new work must go somewhere: "
      + "make another version the default first, then deprecate this one"
    return Status(
      .failedPrecondition, reason, detail: InvalidField(field: "version", reason: reason), named: "InvalidField")
  }
}
