/// One type's versions, as they decide which version new work gets. Pure: every coordinator that knows the same table
/// chooses alike.
package struct VersionTable: Sendable, Hashable {
  /// One registered version.
  package struct Version: Sendable, Hashable {
    package var number: Int32
    package var isDeprecated: Bool
    /// The share of new work that the rollout sends to it, in percent.
    package var percent: Double

    package init(number: Int32, isDeprecated: Bool = false, percent: Double = 0) {
      self.number = number
      self.isDeprecated = isDeprecated
      self.percent = percent
    }
  }

  package let defaultVersion: Int32
  /// Lowest first.
  package let versions: [Version]
  /// The shares in force, lowest version first, each with the end of its part of 0 to 100.
  private let shares: [Share]

  private struct Share: Hashable {
    var version: Int32
    var end: Double
  }

  package init(defaultVersion: Int32, versions: [Version]) {
    self.defaultVersion = defaultVersion
    self.versions = versions.sorted { $0.number < $1.number }
    var end = 0.0
    shares = self.versions.filter { $0.percent > 0 && !$0.isDeprecated }.map { version in
      end += version.percent
      return Share(version: version.number, end: end)
    }
  }

  /// Whether any share is in force, so that the point of a piece of work matters.
  package var hasRollout: Bool { !shares.isEmpty }

  /// The version that new work gets which names none.
  /// - Parameter point: where the work stands in [0, 100); asked for only when a rollout is in force.
  package func version(at point: () -> RolloutPoint) -> Int32 {
    guard hasRollout else { return defaultVersion }
    let percent = point().percent
    return shares.first { percent < $0.end }?.version ?? defaultVersion
  }

  /// Refuses a version that new work cannot have.
  package func check(_ version: Int32) throws(VersionRefusal) {
    guard let found = versions.first(where: { $0.number == version }) else { throw .notRegistered(version) }
    guard !found.isDeprecated else { throw .deprecated(version) }
  }
}
