package import Logging
package import ServiceLifecycle
package import Services

/// Everything that happens by the clock, as services for one ServiceGroup.
package enum Maintenance {
  package static func services(_ coordinator: Coordinator, logger: Logger) -> [any Service] {
    [
      TimerService(coordinator: coordinator, logger: logger),
      ScheduleService(coordinator: coordinator, logger: logger),
      RecoveryService(coordinator: coordinator, logger: logger),
      PeriodicService("task deadlines", every: .milliseconds(50), logger: logger) {
        coordinator.sweepDeadlines(now: .now)
      },
      PeriodicService("session leases", every: .milliseconds(500), logger: logger) {
        try await coordinator.keepLeases()
      },
      PeriodicService("changes made elsewhere or unheard", every: .milliseconds(250), logger: logger) {
        try await coordinator.checkWatchedRuns()
        try await coordinator.followUpOnUnheard()
      },
      PeriodicService("safety scan", every: .seconds(10), logger: logger) {
        coordinator.scanReady()
        try await coordinator.refreshRegistryAmongPeers()
        try await coordinator.sweepOverdueSteps()
        try await coordinator.reconcileHeldTasks()
        coordinator.tellOfMissedGroups()
        try await coordinator.checkDrains()
        try await coordinator.checkAwaitedRuns()
        try await coordinator.sweepChildNotices()
      },
      PeriodicService("retention", every: coordinator.limits.retentionInterval, logger: logger) {
        try await coordinator.removeOldRuns()
      },
      PeriodicService("orphan rescue", every: .seconds(30), logger: logger) {
        try await coordinator.rescueOrphans()
      },
      PeriodicService("past of workers", every: .seconds(300), logger: logger) {
        try await coordinator.forgetWorkers()
      },
    ]
  }
}
