public import FoundationEssentials
internal import Messages

/// An isolation boundary as it stands.
public struct NamespaceDescription: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// What it is for.
  public var description: String
  /// Whether it takes new work.
  public var isEnabled: Bool
  /// How long closed runs are kept. Nil: for ever.
  public var retention: Duration?
  /// When it was created.
  public var createdAt: Date?

  init(_ namespace: Namespace) {
    name = namespace.name
    description = namespace.description
    isEnabled = namespace.enabled
    retention = namespace.retention.map { Duration($0) }
    createdAt = namespace.createdAt.map { Date($0) }
  }
}
