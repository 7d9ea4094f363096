public import FoundationEssentials
internal import Messages

/// One registered version of a workflow or activity type.
public struct VersionDescription: Sendable, Hashable {
  /// The version.
  public var version: Int
  /// Whether new work gets it when nothing else is said.
  public var isDefault: Bool
  /// Whether new work on it is refused.
  public var isDeprecated: Bool
  /// Percent of new work that the rollout sends to it.
  public var rolloutPercent: Double
  /// Open runs on it; of an activity: open steps.
  public var openRuns: Int
  /// Live workers that registered it.
  public var liveWorkers: Int
  /// Nothing is open on it and nothing more comes: its workers may go.
  public var isDrained: Bool
  /// When a worker first registered it. Nil: none did yet.
  public var firstRegisteredAt: Date?
  /// When a worker last registered it.
  public var lastRegisteredAt: Date?

  init(_ version: Messages.VersionDescription, defaultVersion: UInt32) {
    self.version = Int(version.version)
    isDefault = version.version == defaultVersion
    isDeprecated = version.deprecated
    rolloutPercent = version.percent
    openRuns = Int(clamping: version.openCount)
    liveWorkers = Int(clamping: version.liveWorkers)
    isDrained = version.drained
    firstRegisteredAt = version.firstRegisteredAt.map { Date($0) }
    lastRegisteredAt = version.lastRegisteredAt.map { Date($0) }
  }
}
