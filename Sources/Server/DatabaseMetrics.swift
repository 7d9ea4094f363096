internal import Meters
internal import Postgres
internal import Services
internal import Store

/// What this coordinator costs its database, in all and a workflow.
internal struct DatabaseMetrics: Sendable {
  let store: Store
  /// Of the connections that are not the store's: health, peers, migration.
  let upkeep: PostgresTraffic
  let probe: DatabaseProbe
  let coordinator: Coordinator

  var families: [MetricFamily] {
    var families = [
      MetricFamily(
        "kagzi_postgres_statements_total", .counter,
        "Statements sent to Postgres, BEGIN and COMMIT not counted, by what for.", by: "use", numbers { $0.statements }),
      MetricFamily(
        "kagzi_postgres_round_trips_total", .counter, "Times that a connection waited for Postgres, by what for.",
        by: "use", numbers { $0.roundTrips }),
    ]
    if let bytes = probe.walBytes {
      families.append(
        MetricFamily(
          "kagzi_postgres_wal_bytes_total", .counter,
          "WAL that the database server wrote since this coordinator started, for all who use it.", Double(bytes)))
    }
    families.append(costOfAWorkflow)
    return families
  }

  /// By what the connections are for.
  private var traffic: [(use: String, traffic: PostgresTraffic)] {
    [
      ("lanes", store.traffic.lanes), ("reads", store.traffic.reads), ("lookups", store.traffic.lookups),
      ("upkeep", upkeep),
    ]
  }

  /// Quotients of totals since the start; a dashboard divides rates instead.
  private var costOfAWorkflow: MetricFamily {
    let statistics = store.batcher.statistics
    var totals = [
      "operations": statistics.operations, "commits": statistics.commits,
      "statements": traffic.reduce(0) { $0 + $1.traffic.statements },
    ]
    if let bytes = probe.walBytes { totals["wal_bytes"] = Int(bytes) }
    let closed = coordinator.progress.closedRuns
    let samples = totals.sorted { $0.key < $1.key }.map {
      MetricFamily.Sample(Double($0.value) / Double(closed), labels: [("of", $0.key)])
    }
    return MetricFamily(
      "kagzi_workflow_cost", .gauge, "Totals since the start over runs closed here: what a workflow takes.",
      closed > 0 ? samples : [])
  }

  private func numbers(_ number: (PostgresTraffic) -> Int) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: traffic.map { ($0.use, number($0.traffic)) })
  }
}
