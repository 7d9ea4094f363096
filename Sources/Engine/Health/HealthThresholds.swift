/// From when on something is not well. All in milliseconds.
package struct HealthThresholds: Sendable, Hashable {
  /// A worker is unhealthy when its heartbeat is older. Default 120 s.
  package var heartbeatTimeout: Int64 = 120_000
  /// A worker is degraded when its heartbeat is older. Default 60 s.
  package var heartbeatWarning: Int64 = 60_000
  /// A ready task is overdue when it waits longer. Default 60 s.
  package var taskOverdue: Int64 = 60_000
  /// The database is degraded when a round trip takes longer. Default 1 s.
  package var slowDatabase: Int64 = 1_000
  /// A worker that crashed counts against the system for this long; then it is history. Default 10 min.
  package var recentCrash: Int64 = 600_000

  package init() {}
}
