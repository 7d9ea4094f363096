internal import Engine
internal import Postgres

extension Verbs {
  /// Starts the children that reports asked for. Their steps were recorded by the statement before.
  internal func addChildren(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    let children = advances.values.flatMap { advance in advance.children.map { (advance.runID, $0) } }
    guard !children.isEmpty else { return [] }
    let started = addStarts(children.compactMap { $0.1.start }, pipeline)
    let renamed = addStarts(children.compactMap(\.1.renamedStart), pipeline)
    let unstarted = pipeline.add(NoteUnstartedChildren(children: children))
    return [
      { [advances] outcomes in
        var recorded = RecordedChildren()
        recorded.renamed = Set(renamed.map { $0.rows.map(\.runID) } ?? [])
        for row in (started?.rows ?? []) + (renamed?.rows ?? []) { recorded.started[row.runID] = row.createdAt }
        recorded.unstarted = Set(unstarted.rows)
        for (advance, index) in zip(advances.values, advances.indices) where !advance.children.isEmpty {
          guard case .advanced(var advanced) = outcomes[index] else { continue }
          advanced.children = recorded.of(advance.children.map(\.childRunID))
          outcomes[index] = .advanced(advanced)
        }
      }
    ]
  }

  /// Starts those that are not started yet.
  private func addStarts(
    _ starts: [StartRun], _ pipeline: PostgresPipeline
  ) -> PostgresReply<StartRunsMany.Row>? {
    starts.isEmpty ? nil : pipeline.add(StartRunsMany(runs: starts))
  }

  internal func addContinuations(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !continuations.values.isEmpty else { return [] }
    let reply = pipeline.add(ContinueRunsMany(continuations: continuations.values))
    _ = pipeline.add(MoveSignalsMany(continuations: continuations.values))
    return [
      { [continuations] outcomes in
        let places = continuations.places { $0.close.runID }
        let closing = reply.rows.compactMap { if case .closing(let row) = $0 { row } else { nil } }
        let closed = ClosedRuns(closing).runs
        for case .continued(let runID, let createdAt, let timeout, let isCancelRequested, let isPaused) in reply.rows {
          guard let index = places[runID], let closed = closed[runID] else { continue }
          outcomes[index] = .continued(
            Continued(
              closed: closed, createdAt: createdAt, timeoutMilliseconds: timeout, isCancelRequested: isCancelRequested,
              isPaused: isPaused))
        }
      }
    ]
  }

  internal func addNotices(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !notices.values.isEmpty else { return [] }
    _ = pipeline.add(ForgetChildNotices(notices: notices.values))
    return [{ [notices] outcomes in for index in notices.indices { outcomes[index] = .done } }]
  }
}

extension RecordedChildren {
  /// What of it concerns these children.
  fileprivate func of(_ ids: [RunID]) -> RecordedChildren {
    var part = RecordedChildren()
    for id in ids {
      part.started[id] = started[id]
      if renamed.contains(id) { part.renamed.insert(id) }
      if unstarted.contains(id) { part.unstarted.insert(id) }
    }
    return part
  }
}
