internal import Engine
package import Meters
internal import Store
internal import Synchronization

extension Coordinator {
  /// Adds what another part of the process measures to `metrics`.
  package func addMetrics(_ source: @escaping @Sendable () -> [MetricFamily]) {
    metricSources.withLock { $0.append(source) }
  }

  /// Everything this coordinator has measured since it started. Reads memory only.
  package var metrics: [MetricFamily] {
    serviceMetrics + storeMetrics + metricSources.withLock { $0 }.flatMap { $0() }
  }

  /// How much got done here so far.
  package var progress: (closedRuns: Int, tasks: Int) {
    (meter.closes.counts.values.reduce(0, +), meter.tasks.counts.values.reduce(0, +))
  }

  private var serviceMetrics: [MetricFamily] {
    let held = sessions.withLock { Array($0.values) }.map(\.heldCounts)
    let free = dispatch.withLock { $0.freeSlots }
    return [
      MetricFamily("kagzi_runs_started_total", .counter, "Runs started here.", meter.starts.count),
      MetricFamily(
        "kagzi_runs_closed_total", .counter, "Runs closed here, by status.", by: "status", meter.closes.counts),
      MetricFamily(
        "kagzi_tasks_handed_out_total", .counter, "Tasks pushed to workers, by kind.", by: "kind", meter.tasks.counts),
      MetricFamily(
        "kagzi_reports_total", .counter, "Reports of workers, by kind and outcome.", by: "report", meter.reports.counts
      ),
      MetricFamily("kagzi_waits_total", .counter, "Calls that waited for or watched a run.", meter.waits.count),
      MetricFamily(
        "kagzi_sessions_lapsed_total", .counter, "Sessions whose lease lapsed, ended by this coordinator.",
        meter.crashes.count),
      MetricFamily("kagzi_sessions", .gauge, "Sessions of workers attached here.", held.count),
      MetricFamily(
        "kagzi_tasks_held", .gauge, "Tasks that sessions attached here hold, by kind.", by: "kind",
        ["workflow": held.reduce(0) { $0 + $1.workflows }, "activity": held.reduce(0) { $0 + $1.activities }]),
      MetricFamily(
        "kagzi_free_slots", .gauge, "Slots that workers granted and no task uses, by kind.", by: "kind",
        ["workflow": free.workflows, "activity": free.activities]),
      MetricFamily("kagzi_waiters", .gauge, "Calls that wait for or watch runs now.", hub.count),
      MetricFamily("kagzi_draining", .gauge, "1 while this coordinator is stopping.", isDraining ? 1 : 0),
    ]
  }

  private var storeMetrics: [MetricFamily] {
    let batches = store.batcher.statistics
    return [
      MetricFamily("kagzi_store_commits_total", .counter, "Batches committed.", batches.commits),
      MetricFamily(
        "kagzi_store_statements_total", .counter, "Statements of batches.",
        batches.statements),
      MetricFamily(
        "kagzi_store_operations_total", .counter, "Operations of committed batches, by verb.", by: "verb",
        store.operationCounts.counts),
      MetricFamily(
        "kagzi_store_operations_failed_total", .counter, "Operations that ended with an error.", batches.failures),
      MetricFamily("kagzi_store_conflicts_total", .counter, "Batches tried again after a conflict.", batches.conflicts),
      MetricFamily(
        "kagzi_store_splits_total", .counter, "Batches split to find an operation at fault.", batches.splits),
      MetricFamily("kagzi_store_losses_total", .counter, "Connections lost under a batch.", batches.losses),
      MetricFamily("kagzi_store_queued", .gauge, "Operations that wait or are under way.", batches.queued),
      MetricFamily("kagzi_store_batch_size", "Operations of a committed batch.", batches.sizes),
      MetricFamily(
        "kagzi_store_batch_seconds", "How long a batch took, its commit included.", batches.latencies),
      MetricFamily(
        "kagzi_store_read_seconds", "Reads and rare writes, from when they were asked for.",
        store.readLatencies.snapshot),
      MetricFamily(
        "kagzi_store_lookup_seconds", "Reads for tasks and waiters, from when they were asked for.",
        store.lookupLatencies.snapshot),
      MetricFamily("kagzi_store_reads_failed_total", .counter, "Reads that failed.", store.failedReads.count),
    ]
  }
}
