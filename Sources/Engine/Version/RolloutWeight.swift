/// The share of new work that a rollout sends to one version.
package struct RolloutWeight: Sendable, Hashable {
  package var version: Int32
  package var percent: Double

  package init(version: Int32, percent: Double) {
    self.version = version
    self.percent = percent
  }
}
