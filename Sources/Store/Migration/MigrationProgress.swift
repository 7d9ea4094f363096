/// What a migrator is doing, for whoever waits.
package enum MigrationProgress: Sendable, Hashable {
  /// Another coordinator migrates: its lock is waited for.
  case waitingForAnother
  case applying(version: Int, name: String)
  case applied(version: Int, name: String)
  /// The schema is at this version; `applied` migrations were applied just now.
  case finished(version: Int, applied: Int)
}
