internal import Engine
internal import Store
internal import Synchronization

/// Namespaces, types and versions as last read from the database: what a start needs without a read of its own.
internal final class Registry: Sendable {
  private struct TypeKey: Hashable {
    var namespace: String
    var kind: TaskKind
    var type: String
  }

  private struct TypeEntry {
    var defaultVersion: Int32
    var versions: Set<Int32>
    var deprecated: Set<Int32>
  }

  private struct State {
    var namespaces: [String: Bool] = [:]
    var types: [TypeKey: TypeEntry] = [:]
  }

  private let state = Mutex(State())

  /// Whether the namespace takes new work; nil when it does not exist.
  func isEnabled(namespace: String) -> Bool? { state.withLock { $0.namespaces[namespace] } }

  /// Whether a version was registered.
  func isRegistered(_ version: Int32, of type: String, kind: TaskKind, namespace: String) -> Bool {
    state.withLock {
      $0.types[TypeKey(namespace: namespace, kind: kind, type: type)]?.versions.contains(version) ?? false
    }
  }

  /// The type's default version; 1 for a type that nobody has registered yet.
  func defaultVersion(of type: String, kind: TaskKind, namespace: String) -> Int32 {
    state.withLock { $0.types[TypeKey(namespace: namespace, kind: kind, type: type)]?.defaultVersion ?? 1 }
  }

  func refresh(from store: Store) async throws(StoreError) {
    let namespaces = try await store.read(LoadNamespaces())
    let rows = try await store.read(LoadRegistry())
    var types: [TypeKey: TypeEntry] = [:]
    for row in rows {
      let key = TypeKey(namespace: row.namespace, kind: row.kind == 1 ? .workflow : .activity, type: row.type)
      var entry = types[key] ?? TypeEntry(defaultVersion: row.defaultVersion, versions: [], deprecated: [])
      entry.versions.insert(row.version)
      if row.isDeprecated { entry.deprecated.insert(row.version) }
      types[key] = entry
    }
    state.withLock { state in
      state.namespaces = Dictionary(uniqueKeysWithValues: namespaces.map { ($0.name, $0.isEnabled) })
      state.types = types
    }
  }
}
