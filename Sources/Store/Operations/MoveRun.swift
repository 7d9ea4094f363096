package import Engine

/// Moves an open run to another version of its code. Its task, if a session holds it, goes back; the next one is whole.
package struct MoveRun: Sendable {
  package var runID: RunID
  package var fromVersion: Int32
  package var toVersion: Int32
  /// The change counter under which the run's steps were looked at: what was recorded since must be looked at, too.
  package var sequence: Int64

  package init(runID: RunID, fromVersion: Int32, toVersion: Int32, sequence: Int64) {
    self.runID = runID
    self.fromVersion = fromVersion
    self.toVersion = toVersion
    self.sequence = sequence
  }
}

/// What moving a run led to.
package struct Moved: Sendable {
  /// Whether it is claimable now, under its new version.
  package var isReady: Bool
  /// The session that held its task, which it has lost.
  package var session: SessionID?
  /// The epoch of that task.
  package var epoch: Int32
}
