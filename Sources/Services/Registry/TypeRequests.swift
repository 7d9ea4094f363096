internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// Checks that the calls of the registry share.
extension Coordinator {
  /// The type that a request names.
  internal func typeName(namespace: String, kind: TypeKind, type: String) throws(Status) -> TypeName {
    TypeName(
      namespace: try self.namespace(namespace), kind: try typeKind(kind), type: try name(type, "type"))
  }

  private func typeKind(_ kind: TypeKind) throws(Status) -> Int16 {
    switch kind {
    case .unspecified, .workflow: return 1
    case .activity: return 2
    default: throw .invalid("kind", "must be WORKFLOW or ACTIVITY")
    }
  }

  /// A version that must be there: 1 or more.
  internal func version(_ version: UInt32, _ field: String = "version") throws(Status) -> Int32 {
    guard version >= 1, version <= Int32.max else { throw .invalid(field, "must be 1 or more") }
    return Int32(version)
  }

  /// What is registered, or how new work finds its version, has changed: it is known here when this returns, and
  /// announced to the others.
  internal func registryChanged() async throws(StoreError) {
    try await registry.refresh(from: store)
    peers.announce(.registry)
  }
}

extension TypeName {
  /// For a person.
  internal var noun: String { kind == 1 ? "workflow type" : "activity type" }
}
