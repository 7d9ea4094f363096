public import FoundationEssentials
internal import Messages

extension WorkflowContext {
  /// Sleeps durably, by the database's clock: the run holds no worker slot meanwhile, and restarts of anything do not
  /// lengthen the sleep. Zero and negative durations sleep zero.
  public func sleep(_ id: String, _ duration: Duration) async throws {
    try await startTimer(id, .delay(ProtoDuration(max(duration, .zero))))
  }

  /// Sleeps durably until this time by the database's clock. A past time sleeps zero.
  public func sleepUntil(_ id: String, _ date: Date) async throws {
    try await startTimer(id, .fireAt(Timestamp(date)))
  }

  private func startTimer(_ id: String, _ due: StartTimer.Due) async throws {
    let (key, wake) = try await begin(id, .sleep) { key in .startTimer(StartTimer(key: key, due: due)) }
    _ = try await settle(wake, of: key)
  }
}
