internal import Engine
internal import Postgres

extension Verbs {
  internal func addStarts(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !starts.values.isEmpty else { return [] }
    let reply = pipeline.add(StartRunsMany(runs: starts.values))
    let signals = starts.values.compactMap { start in
      start.signal.map { SignalRun(runID: start.runID, signal: $0, limit: .max) }
    }
    // Of a run that was not started there is no row to signal.
    if !signals.isEmpty { _ = pipeline.add(SignalRunsMany(signals: signals)) }
    return [
      { [starts] outcomes in
        let started = Dictionary(uniqueKeysWithValues: reply.rows.map { ($0.runID, $0.createdAt) })
        for (run, index) in zip(starts.values, starts.indices) {
          outcomes[index] = started[run.runID].map { .started(createdAt: $0) } ?? .conflict
        }
      }
    ]
  }

  internal func addAdvances(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !advances.values.isEmpty else { return [] }
    let reply = pipeline.add(AdvanceRunsMany(advances: advances.values))
    let parked = advances.values.filter { $0.disposition == .park }.map(\.runID)
    if !parked.isEmpty { _ = pipeline.add(HoldBackStepsMany(runIDs: parked)) }
    return [
      { [advances] outcomes in
        let places = advances.places { $0.runID }
        for row in reply.rows { places[row.runID].map { outcomes[$0] = .advanced(row.advanced) } }
      }
    ]
  }

  internal func addCloses(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !settledCloses.values.isEmpty {
      let reply = pipeline.add(CloseSettledRunsMany(closes: settledCloses.values))
      collectors.append { [settledCloses] in collect(reply.rows, settledCloses.places { $0.runID }, &$0) }
    }
    if !closes.values.isEmpty {
      let reply = pipeline.add(CloseRunsMany(closes: closes.values))
      collectors.append { [closes] in collect(reply.rows, closes.places { $0.runID }, &$0) }
    }
    if !ends.values.isEmpty {
      pipeline.add(LockEndingRunsMany(runIDs: ends.values.map(\.runID)))
      let reply = pipeline.add(EndRunsMany(ends: ends.values))
      collectors.append { [ends] in collect(reply.rows, ends.places { $0.runID }, &$0) }
    }
    return collectors
  }

  internal func addRunChanges(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !runReleases.values.isEmpty {
      let reply = pipeline.add(ReleaseRunsMany(releases: runReleases.values))
      let lost = runReleases.values.filter(\.isLoss).map(\.runID)
      if !lost.isEmpty { _ = pipeline.add(HoldBackStepsMany(runIDs: lost)) }
      collectors.append { [runReleases] outcomes in
        let places = runReleases.places { $0.runID }
        for row in reply.rows { places[row.runID].map { outcomes[$0] = .woken(row.isReady ? .ready : .none) } }
      }
    }
    if !wakes.values.isEmpty {
      let reply = pipeline.add(WakeRunsMany(runIDs: wakes.values.map(\.runID)))
      collectors.append { [wakes] outcomes in
        let places = wakes.places { $0.runID }
        for runID in reply.rows { places[runID].map { outcomes[$0] = .woken(.ready) } }
      }
    }
    if !cancels.values.isEmpty {
      let reply = pipeline.add(CancelRunsMany(cancels: cancels.values))
      collectors.append { [cancels] outcomes in
        let places = cancels.places { $0.runID }
        for row in reply.rows {
          places[row.runID].map { outcomes[$0] = .asked(wake: row.wake, isFirst: row.isFirst) }
        }
      }
    }
    if !moves.values.isEmpty {
      let reply = pipeline.add(MoveRunsMany(moves: moves.values))
      collectors.append { [moves] outcomes in
        let places = moves.places { $0.runID }
        for row in reply.rows { places[row.runID].map { outcomes[$0] = .moved(row.moved) } }
      }
    }
    return collectors
  }
}

extension Placed {
  internal func places(_ runID: (Value) -> RunID) -> [RunID: Int] {
    Dictionary(zip(values.map(runID), indices), uniquingKeysWith: { first, _ in first })
  }
}

private func collect(_ rows: [CloseRunsMany.Row], _ places: [RunID: Int], _ outcomes: inout [Outcome]) {
  for (runID, closed) in ClosedRuns(rows).runs { places[runID].map { outcomes[$0] = .closed(closed) } }
}

/// Closed runs, gathered from the rows of a closing statement.
internal struct ClosedRuns {
  internal private(set) var runs: [RunID: Closed] = [:]

  init(_ rows: [CloseRunsMany.Row]) {
    for case .closed(let runID, let closing, let child) in rows {
      runs[runID] = Closed(closing: closing, cancelledSteps: [], endedChild: child)
    }
    for row in rows {
      switch row {
      case .closed: break
      case .cancelled(let step): runs[step.runID]?.cancelledSteps.append(step)
      case .stranded(let child): runs[child.parentRunID]?.strandedChildren.append(child)
      }
    }
  }
}
