internal import Engine
internal import Postgres

extension Verbs {
  internal func addSignals(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !signals.values.isEmpty else { return [] }
    let reply = pipeline.add(SignalRunsMany(signals: signals.values))
    return [
      { [signals] outcomes in
        for row in reply.rows {
          outcomes[signals.indices[row.position]] = .signalled(Signalled(verdict: row.verdict, wake: .none))
        }
      }
    ]
  }

  /// Brings signals and the steps that wait for them together, for all runs to which the batch brought one or the other.
  /// After the statements that did so.
  internal func addMatches(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    let plan = matchPlan
    guard !plan.isEmpty else { return [] }
    let reply = pipeline.add(
      MatchSignalsMany(runs: plan.map { .init(runID: $0.key, reservedSession: $0.value.reservedSession) }))
    return [
      { outcomes in
        for row in reply.rows {
          guard let index = plan[row.runID]?.index else { continue }
          switch outcomes[index] {
          case .signalled(var signalled):
            signalled.wake = row.wake
            outcomes[index] = .signalled(signalled)
          case .advanced(var advanced):
            switch row.wake {
            case .none: break
            case .ready: advanced.isReady = true
            case .leased(let epoch, _, _): advanced.newEpoch = epoch
            }
            outcomes[index] = .advanced(advanced)
          default: break
          }
        }
      }
    ]
  }

  /// By run, the operation that is told what the match did to it, and its reserved slot: a signal's before a report's.
  private var matchPlan: [RunID: (index: Int, reservedSession: SessionID?)] {
    var plan: [RunID: (index: Int, reservedSession: SessionID?)] = [:]
    for (signal, index) in zip(signals.values, signals.indices) {
      guard let planned = plan[signal.runID] else {
        plan[signal.runID] = (index, signal.reservedSession)
        continue
      }
      if planned.reservedSession == nil, signal.reservedSession != nil {
        plan[signal.runID] = (index, signal.reservedSession)
      }
    }
    for (advance, index) in zip(advances.values, advances.indices) where advance.awaitsSignals {
      if plan[advance.runID]?.reservedSession == nil { plan[advance.runID] = (index, advance.reservedSession) }
    }
    return plan
  }
}
