internal import Messages

/// How well something is.
public enum HealthStatus: String, Sendable, Hashable, CaseIterable {
  /// All is well.
  case healthy = "HEALTHY"
  /// It works, but look at it.
  case degraded = "DEGRADED"
  /// It does not work.
  case unhealthy = "UNHEALTHY"

  init(_ status: Messages.HealthStatus) {
    switch status {
    case .healthy: self = .healthy
    case .degraded: self = .degraded
    case .unhealthy, .unspecified, .unrecognized: self = .unhealthy
    }
  }
}
