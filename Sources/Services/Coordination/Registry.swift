internal import Engine
internal import Postgres
internal import Store
internal import Synchronization

/// Namespaces, types and versions as last read from the database: what a start needs without a read of its own. The one
/// place that chooses the version of new work.
internal final class Registry: Sendable {
  private struct TypeKey: Hashable {
    var namespace: String
    var kind: TaskKind
    var type: String
  }

  /// A namespace as the registry knows it.
  struct Namespace {
    var isEnabled: Bool
    /// How long closed runs are kept; nil: for ever.
    var retentionMilliseconds: Int64?
  }

  private struct State {
    var namespaces: [String: Namespace] = [:]
    var types: [TypeKey: VersionTable] = [:]
    var lastTicket: UInt64 = 0
    var shownTicket: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Whether the namespace takes new work; nil when it does not exist.
  func isEnabled(namespace: String) -> Bool? { state.withLock { $0.namespaces[namespace]?.isEnabled } }

  /// Every namespace.
  var namespaceNames: [String] { state.withLock { Array($0.namespaces.keys) } }

  /// Namespaces that keep closed runs for a time only.
  var retentions: [(namespace: String, milliseconds: Int64)] {
    state.withLock { state in
      state.namespaces.compactMap { name, namespace in namespace.retentionMilliseconds.map { (name, $0) } }
    }
  }

  /// The version of a piece of new work: the one it asks for, else the rollout's, else the default; 1 for a type that
  /// nobody has registered yet.
  /// - Parameters:
  ///   - asked: a version named by the caller; refused if it was never registered or is deprecated.
  ///   - key: what the rollout's stable hash is taken of: the workflow id of a run, `activityKey` of an activity.
  func version(
    _ asked: Int32?, of type: String, kind: TaskKind, namespace: String, key: @autoclosure () -> String
  ) throws(VersionRefusal) -> Int32 {
    let table = state.withLock { $0.types[TypeKey(namespace: namespace, kind: kind, type: type)] }
    guard let asked else {
      return table?.version {
        RolloutPoint(namespace: namespace, kind: kind, type: type, key: key())
      } ?? 1
    }
    guard let table else { throw .notRegistered(asked) }
    try table.check(asked)
    return asked
  }

  /// The version of an activity that a run schedules. One that the run names is taken as it is: an open run goes on with
  /// what its code asks for, and a task of a version that nobody serves waits.
  func activityVersion(_ asked: Int32?, of type: String, step: String, run: RunReference) -> Int32 {
    if let asked { return asked }
    let chosen = try? version(
      nil, of: type, kind: .activity, namespace: run.namespace, key: "\(run.runID)/\(step)")
    return chosen ?? 1
  }

  /// Reads everything anew. When it returns, whatever was committed before the call is known here: a slower read that
  /// began earlier does not replace a newer one.
  func refresh(from store: Store) async throws(StoreError) {
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    let (namespaces, versions) = try await store.read { connection in
      (try connection.execute(LoadNamespaces()).rows, try connection.execute(LoadRegistry()).rows)
    }
    var entries: [TypeKey: (defaultVersion: Int32, versions: [VersionTable.Version])] = [:]
    for row in versions {
      let key = TypeKey(namespace: row.namespace, kind: row.kind == 1 ? .workflow : .activity, type: row.type)
      entries[key, default: (row.defaultVersion, [])].versions.append(
        VersionTable.Version(number: row.version, isDeprecated: row.isDeprecated, percent: row.percent))
    }
    let types = entries.mapValues { VersionTable(defaultVersion: $0.defaultVersion, versions: $0.versions) }
    state.withLock { state in
      guard ticket > state.shownTicket else { return }
      state.shownTicket = ticket
      state.types = types
      state.namespaces = Dictionary(
        uniqueKeysWithValues: namespaces.map {
          ($0.name, Namespace(isEnabled: $0.isEnabled, retentionMilliseconds: $0.retentionMilliseconds))
        })
    }
  }
}
