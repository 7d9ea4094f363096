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
    let entries = plan.flatMap { runID, match in
      match.names.map { MatchSignalsMany.Entry(runID: runID, name: $0, reservedSession: match.reservedSession) }
    }
    let reply = pipeline.add(MatchSignalsMany(entries: entries))
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
          case .refused:
            // A report that was recorded before, and a signal that used the slot reserved for it.
            if case .leased = row.wake { outcomes[index] = .woken(row.wake) }
          default: break
          }
        }
      }
    ]
  }

  /// What of a run may match, the operation that is told what the match did to it, and its reserved slot: a signal's before
  /// a report's.
  private struct Match {
    var names: Set<String> = []
    var index: Int
    var reservedSession: SessionID?
  }

  private var matchPlan: [RunID: Match] {
    var plan: [RunID: Match] = [:]
    func add(_ names: some Sequence<String>, of runID: RunID, _ index: Int, _ reserved: SessionID?) {
      var match = plan[runID] ?? Match(index: index, reservedSession: reserved)
      match.names.formUnion(names)
      if match.reservedSession == nil, reserved != nil {
        match.index = index
        match.reservedSession = reserved
      }
      plan[runID] = match
    }
    for (signal, index) in zip(signals.values, signals.indices) {
      add([signal.signal.name], of: signal.runID, index, signal.reservedSession)
    }
    for (advance, index) in zip(advances.values, advances.indices) where advance.awaitsSignals {
      add(advance.steps.compactMap(\.signalName), of: advance.runID, index, advance.reservedSession)
    }
    return plan
  }
}
