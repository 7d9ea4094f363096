internal import Engine
internal import Postgres

extension Verbs {
  /// Starts the children that reports asked for. Their steps were recorded by the statement before.
  internal func addChildren(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    let children = advances.values.flatMap { advance in advance.children.map { (advance.runID, $0) } }
    guard !children.isEmpty else { return [] }
    let starts = children.compactMap { $0.1.start }
    let started = starts.isEmpty ? nil : pipeline.add(StartRunsMany(runs: starts))
    let unstarted = pipeline.add(NoteUnstartedChildren(children: children))
    return [
      { [advances] outcomes in
        let createdAt = Dictionary(uniqueKeysWithValues: (started?.rows ?? []).map { ($0.runID, $0.createdAt) })
        let refused = Set(unstarted.rows)
        for (advance, index) in zip(advances.values, advances.indices) where !advance.children.isEmpty {
          guard case .advanced(var advanced) = outcomes[index] else { continue }
          for child in advance.children {
            advanced.children.started[child.childRunID] = createdAt[child.childRunID]
            if refused.contains(child.childRunID) { advanced.children.unstarted.insert(child.childRunID) }
          }
          outcomes[index] = .advanced(advanced)
        }
      }
    ]
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
        for case .continued(let runID, let createdAt, let timeout, let isCancelRequested) in reply.rows {
          guard let index = places[runID], let closed = closed[runID] else { continue }
          outcomes[index] = .continued(
            Continued(
              closed: closed, createdAt: createdAt, timeoutMilliseconds: timeout, isCancelRequested: isCancelRequested))
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
