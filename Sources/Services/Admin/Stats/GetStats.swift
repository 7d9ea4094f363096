internal import Engine
internal import GRPC
internal import Messages
internal import Meters
internal import Store

extension Coordinator {
  internal func getStats(
    _ request: GetStatsRequest, _ call: ServerCall, _ responder: consuming Responder<GetStatsResponse>
  ) {
    responder.answer { [self] in
      let namespace = try namespace(request.namespace)
      var values = Dictionary(metrics.flatMap(\.numbers).map { ($0.name, $0.value) }, uniquingKeysWith: +)
      let (open, ready) = try await work(in: namespace)
      for (status, count) in open { values["open_runs{status=\"\(status.name)\"}"] = Double(count) }
      values["open_runs"] = Double(open.values.reduce(0, +))
      for kind in [TaskKind.workflow, .activity] {
        let count = ready.filter { $0.key.kind == kind }.reduce(0) { $0 + $1.count }
        values["ready_tasks{kind=\"\(kind == .workflow ? "workflow" : "activity")\"}"] = Double(count)
      }
      values["uptime_seconds"] = Double(WallClock.milliseconds - startedAtMilliseconds) / 1_000
      return GetStatsResponse(values: values)
    }
  }

  private func work(
    in namespace: String
  ) async throws(StoreError) -> (open: [Engine.RunStatus: Int], ready: [ReadyRow]) {
    var open: [Engine.RunStatus: Int] = [:]
    for row in try await store.readScanning(CountOpenRunsByStatus(namespace: namespace)) {
      open[row.status, default: 0] += row.count
    }
    return (open, try await store.read(CountReady(namespace: namespace, taskQueue: nil)))
  }
}
