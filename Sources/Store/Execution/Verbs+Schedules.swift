internal import Engine
internal import Postgres

extension Verbs {
  internal func addFirings(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !firings.values.isEmpty {
      collectors.append(
        decisions(
          pipeline.add(DecideFiringsMany(firings: firings.values)), firings.places { $0.scheduleUID }))
    }
    if !waitingFirings.values.isEmpty {
      collectors.append(
        decisions(
          pipeline.add(StartFiringsMany(firings: waitingFirings.values)), waitingFirings.places { $0.scheduleUID }))
    }
    return collectors
  }

  private func decisions(
    _ reply: PostgresReply<DecideFiringsMany.Row>, _ places: [UUID: Int]
  ) -> OutcomeCollector {
    { outcomes in for row in reply.rows { places[row.scheduleUID].map { outcomes[$0] = .firing(row.decision) } } }
  }
}
