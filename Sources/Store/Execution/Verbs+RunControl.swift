internal import Engine
internal import Postgres

extension Verbs {
  internal func addPauses(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !pauses.values.isEmpty {
      let reply = pipeline.add(PauseRunsMany(pauses: pauses.values))
      _ = pipeline.add(HoldBackStepsMany(runIDs: pauses.values.map(\.runID)))
      collectors.append { [pauses] outcomes in
        let places = pauses.places { $0.runID }
        for runID in reply.rows { places[runID].map { outcomes[$0] = .done } }
      }
    }
    if !resumes.values.isEmpty {
      let reply = pipeline.add(ResumeRunsMany(runIDs: resumes.values.map(\.runID)))
      let steps = pipeline.add(LetGoStepsMany(runIDs: resumes.values.map(\.runID)))
      collectors.append { [resumes] outcomes in
        let places = resumes.places { $0.runID }
        var ready: [RunID: [TaskKey]] = [:]
        for row in steps.rows { ready[row.runID, default: []].append(row.key) }
        for row in reply.rows {
          places[row.runID].map {
            outcomes[$0] = .resumed(Resumed(isReady: row.isReady, readyActivities: ready[row.runID] ?? []))
          }
        }
      }
    }
    return collectors
  }

  internal func addAttempts(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !restarts.values.isEmpty {
      let reply = pipeline.add(RestartRunsMany(restarts: restarts.values))
      let drops = pipeline.add(DropStepsMany(drops: restarts.values.map { ($0.runID, $0.dropped) }))
      collectors.append { [restarts] in collect(reply.rows, drops.rows, restarts.places { $0.runID }, &$0) }
    }
    if !reopens.values.isEmpty {
      let reply = pipeline.add(ReopenRunsMany(reopens: reopens.values))
      let drops = pipeline.add(DropStepsMany(drops: reopens.values.map { ($0.runID, $0.dropped) }))
      collectors.append { [reopens] in collect(reply.rows, drops.rows, reopens.places { $0.runID }, &$0) }
    }
    return collectors
  }

  internal func addForks(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    zip(forks.values, forks.indices).map { fork, index in
      let reply = pipeline.add(StartFork(fork: fork))
      return { outcomes in outcomes[index] = reply.rows.isEmpty ? .conflict : .done }
    }
  }
}

private func collect(
  _ runIDs: [RunID], _ dropped: [DropStepsMany.Row], _ places: [RunID: Int], _ outcomes: inout [Outcome]
) {
  var restarted: [RunID: Restarted] = [:]
  for row in dropped {
    switch row {
    case .cancelled(let step): restarted[step.runID, default: Restarted()].cancelledSteps.append(step)
    case .stranded(let child): restarted[child.parentRunID, default: Restarted()].strandedChildren.append(child)
    }
  }
  for runID in runIDs { places[runID].map { outcomes[$0] = .restarted(restarted[runID] ?? Restarted()) } }
}
