package import Engine

/// Where a list of runs looks first, so that what the filter asks for is found by an index, whatever else is stored. Every source
/// applies the whole filter.
package protocol RunSource: Sendable {
  /// Tables `r` (runs) and `o` (open_runs, if the run is open) with the condition that goes with them.
  static var tables: String { get }
  static var condition: String { get }
  /// The column of the run's id by which it is looked through.
  static var runID: String { get }
}

extension RunSource {
  package static var runID: String { "r.run_id" }
}

/// Runs of the namespace, newest first, or whatever index fits the filter.
package enum AllRuns: RunSource {
  package static let tables = "kagzi.runs r LEFT JOIN kagzi.open_runs o ON o.run_id = r.run_id"
  package static let condition = "true"
}

/// Open runs only: few, however many are stored. Each is looked up in `runs` by its id: a plan that began there would go
/// through all closed runs of a type.
package enum OpenRuns: RunSource {
  package static let tables = """
    kagzi.open_runs o CROSS JOIN LATERAL (SELECT * FROM kagzi.runs r WHERE r.run_id = o.run_id OFFSET 0) r
    """
  package static let condition = """
    \(IndexedOpenRuns.condition)
       AND ($4::integer IS NULL OR o.workflow_version = $4) AND ($7::text IS NULL OR o.task_queue = $7)
       AND ($12::uuid IS NULL OR o.run_id >= $12) AND ($13::uuid IS NULL OR o.run_id < $13)
    """
  package static let runID = "o.run_id"
}

/// Open runs, for filters that an index of `runs` may serve.
package enum IndexedOpenRuns: RunSource {
  package static let tables = "kagzi.open_runs o JOIN kagzi.runs r ON r.run_id = o.run_id"
  /// A run that is recorded as waiting may turn out to be sleeping.
  package static let condition = """
    o.namespace = $1 AND ($3::text IS NULL OR o.workflow_type = $3)
       AND (o.status = ANY ($2::smallint[]) OR (o.status = 3 AND 4 = ANY ($2::smallint[])))
    """
}

/// Runs that failed, were cancelled or terminated, or timed out: each has a failure.
package enum FailedRuns: RunSource {
  package static let tables = AllRuns.tables
  package static let condition = "r.failure IS NOT NULL AND r.failure_status = ANY ($2::smallint[])"
}

extension RunSelection {
  /// The same filter for each of the sources that hold what it asks for; nil: all runs are to be looked through.
  internal var parts: (open: RunSelection?, failed: RunSelection?)? {
    guard !statuses.isEmpty, statuses.allSatisfy({ $0 <= 5 || (7...10).contains($0) }) else { return nil }
    var (open, failed) = (self, self)
    open.statuses = statuses.filter { $0 <= 5 }
    failed.statuses = statuses.filter { $0 > 5 }
    return (open.statuses.isEmpty ? nil : open, failed.statuses.isEmpty ? nil : failed)
  }

  /// Whether it asks for what `runs` has an index of, beyond kinds and queues.
  internal var isOfParticularRuns: Bool {
    workflowID != nil || workflowIDPrefix != nil || tags != nil || parentRunID != nil
  }

  /// Whether it asks for runs of its namespace whatever their type, and most of them are meant: no index is in their order.
  internal var isWholeNamespace: Bool {
    (statuses.isEmpty || statuses.contains(6)) && !isOfParticularRuns && workflowType == nil && workflowVersion == nil
      && taskQueue == nil && createdAfter == nil
      && createdBefore == nil
  }
}

extension Store {
  /// A page of runs, newest first, without payloads.
  /// - Parameter before: only runs older than this one.
  package func listRuns(
    _ selection: RunSelection, before: RunID?, limit: Int
  ) async throws(StoreError) -> [RunRow] {
    if let (open, failed) = selection.parts {
      var rows: [RunRow] = []
      if let open {
        rows +=
          open.isOfParticularRuns
          ? try await read(ListRuns<IndexedOpenRuns>(selection: open, before: before, limit: limit))
          : try await read(ListRuns<OpenRuns>(selection: open, before: before, limit: limit))
      }
      if let failed {
        rows += try await read(ListFailures(selection: failed, before: before, limit: limit))
      }
      return Array(rows.sorted { $0.runID > $1.runID }.prefix(limit))
    }
    if selection.workflowType != nil, selection.workflowVersion == nil {
      return try await read(ListRunsOfType(selection: selection, before: before, limit: limit))
    }
    guard selection.isWholeNamespace else {
      return try await read(ListRuns<AllRuns>(selection: selection, before: before, limit: limit))
    }
    // Where the newest runs of all are mostly the namespace's own, they are the page.
    let page = try await read(ListNewestRuns(selection: selection, before: before, limit: limit))
    if page.count == limit { return page }
    return try await read(ListRunsByKind(selection: selection, before: before, limit: limit))
  }

  /// Numbers of runs by status.
  package func countRuns(
    _ selection: RunSelection
  ) async throws(StoreError) -> [(status: Int32, count: Int64)] {
    guard let (open, failed) = selection.parts else { return try await read(CountRuns<AllRuns>(selection: selection)) }
    var rows: [(status: Int32, count: Int64)] = []
    if let open {
      rows +=
        open.isOfParticularRuns
        ? try await read(CountRuns<IndexedOpenRuns>(selection: open))
        : try await read(CountRuns<OpenRuns>(selection: open))
    }
    if let failed { rows += try await read(CountRuns<FailedRuns>(selection: failed)) }
    return rows.sorted { $0.status < $1.status }
  }
}
