internal import Engine
package import Messages
internal import Store

/// What an operator sees of a namespace at a glance.
package struct Overview: Sendable {
  package var namespace: String
  /// Open runs by status name.
  package var openRuns: [(status: String, count: Int)]
  /// Runs that began within the last hour by status name; of the newest `recentRunLimit` only.
  package var recentRuns: [(status: String, count: Int)]
  package var queues: [Queue]
  package var workers: [Worker]
  /// Whether there are more workers than are listed.
  package var hasMoreWorkers: Bool
  /// The newest runs that failed.
  package var failures: [Run]
}

extension Coordinator {
  /// How many of the newest runs `overview` counts.
  package static let recentRunLimit = 20_000

  /// Every namespace that exists, by name.
  package var namespaces: [String] { registry.namespaceNames.sorted() }

  /// Reads what a dashboard shows. Answers within `healthCheckBound` or little more.
  package func overview(of namespace: String) async throws -> Overview {
    let namespace = try self.namespace(namespace)
    return try await bounded(by: limits.healthCheckBound) { [self] in try await readOverview(namespace) }
  }

  private func readOverview(_ namespace: String) async throws -> Overview {
    let anHourAgo = UUID(high: (WallClock.milliseconds - 3_600_000) << 16, low: 0)
    let open = try await store.readScanning(CountOpenRunsByStatus(namespace: namespace))
    let recent = try await store.read(
      CountRecentRuns(namespace: namespace, since: anHourAgo, limit: Self.recentRunLimit))
    let live = ListWorkersRequest(namespace: namespace, statuses: [.running, .shuttingDown, .crashed], pageSize: 200)
    let workers = try await workers(live)
    return Overview(
      namespace: namespace,
      openRuns: open.map { ($0.status, $0.count) }.sorted { $0.0.rawValue < $1.0.rawValue }.map { ($0.name, $1) },
      recentRuns: recent.map { ($0.status.name, $0.count) },
      queues: try await queues(in: namespace), workers: workers.workers,
      hasMoreWorkers: !workers.nextPageToken.isEmpty,
      failures: try await store.read(ListFailedRuns(namespace: namespace, limit: 15)).map {
        Run($0, includesPayloads: false)
      })
  }
}
