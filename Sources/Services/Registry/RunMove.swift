internal import Engine
internal import GRPC
internal import Messages
internal import Store

/// One move of open runs, or its dry run: page by page, each run checked against what runs of the target version have
/// recorded. Ends early when the caller goes away; what was moved stays moved, and the same call again does the rest.
internal struct RunMove {
  private static let pageSize = 100
  /// How often a run is looked at again that changes between the look and the move.
  private static let tries = 10
  private static let maxListed = 100

  private let coordinator: Coordinator
  private let selection: RunSelection
  private let type: String
  private let from: Int32
  private let to: Int32
  private let isDryRun: Bool
  private let stream: ResponseStream<MoveRunsResponse>
  private var progress = MoveRunsResponse()
  private var conflictCount = 0
  private var queues: Set<String> = []

  init(
    coordinator: Coordinator, selection: RunSelection, type: String, from: Int32, to: Int32, isDryRun: Bool,
    stream: ResponseStream<MoveRunsResponse>
  ) {
    self.coordinator = coordinator
    self.selection = selection
    self.type = type
    self.from = from
    self.to = to
    self.isDryRun = isDryRun
    self.stream = stream
  }

  mutating func run() async throws {
    let known = try await knownSteps()
    if let chosen = try await coordinator.store.read(CountMovableRuns(selection: selection)).first {
      progress.total = UInt64(chosen.count)
      stream.write(progress)
      var after: RunID?
      while let page = try await page(after: after, until: chosen.last) {
        try await move(page, known)
        after = page.last?.runID
        if stream.isWritable { stream.write(progress) }
      }
    }
    let unlisted = conflictCount - progress.conflicts.count
    if unlisted > 0 { progress.conflicts[Self.maxListed - 1] = "and \(unlisted + 1) more runs that stay" }
    progress.finished = true
    stream.write(progress)
  }

  private func knownSteps() async throws(StoreError) -> KnownSteps {
    let rows = try await coordinator.store.read(
      ListKnownSteps(namespace: selection.namespace, workflowType: type, version: to))
    return KnownSteps(version: to, runs: rows.first?.runs ?? 0, names: rows.compactMap(\.step))
  }

  /// The next runs; nil: there are no more, or nobody listens.
  private func page(after: RunID?, until: RunID) async throws -> [ListMovableRuns.Row]? {
    guard !stream.isOver else { return nil }
    guard !coordinator.isDraining else {
      throw Status(.unavailable, "the coordinator is stopping: call again elsewhere for the rest")
    }
    let rows = try await coordinator.store.read(
      ListMovableRuns(selection: selection, after: after, until: until, limit: Self.pageSize))
    return rows.isEmpty ? nil : rows
  }

  private mutating func move(_ page: [ListMovableRuns.Row], _ known: KnownSteps) async throws {
    var left = page
    for _ in 0..<Self.tries {
      let fitting = try await fitting(left, known)
      if isDryRun {
        progress.moved += UInt64(fitting.count)
        return
      }
      let refused = try await submit(fitting)
      progress.moved += UInt64(fitting.count - refused.count)
      guard !refused.isEmpty else { return }
      // Those that closed, or that somebody else moved, are not found again.
      left = try await coordinator.store.read(
        ListMovableRuns(
          selection: selection, after: nil, until: refused.max() ?? refused[0], only: refused, limit: refused.count))
    }
    for run in left { addConflict(run, "it changes all the time: try again") }
  }

  /// Of these runs, those that nothing is known against.
  private mutating func fitting(
    _ runs: [ListMovableRuns.Row], _ known: KnownSteps
  ) async throws(StoreError) -> [ListMovableRuns.Row] {
    guard !runs.isEmpty else { return [] }
    let rows = try await coordinator.store.read(ListStepNames(runIDs: runs.map(\.runID)))
    let steps = Dictionary(grouping: rows) { $0.runID }
    return runs.filter { run in
      guard let conflict = known.conflict(with: (steps[run.runID] ?? []).map(\.step)) else { return true }
      addConflict(run, conflict)
      return false
    }
  }

  private mutating func addConflict(_ run: ListMovableRuns.Row, _ reason: String) {
    conflictCount += 1
    guard progress.conflicts.count < Self.maxListed else { return }
    progress.conflicts.append("run \(run.runID) (workflow id '\(run.workflowID)'): \(reason)")
  }

  /// Moves runs; gives back those that changed since they were looked at.
  private mutating func submit(_ runs: [ListMovableRuns.Row]) async throws -> [RunID] {
    for run in runs where queues.insert(run.taskQueue).inserted {
      coordinator.noteMoving(key(run.taskQueue, from), toVersion: to)
    }
    let (coordinator, from, to) = (coordinator, from, to)
    return try await withThrowingTaskGroup(of: RunID?.self) { group in
      for run in runs {
        let move = MoveRun(runID: run.runID, fromVersion: from, toVersion: to, sequence: run.sequence)
        let key = key(run.taskQueue, to)
        group.addTask { try await coordinator.move(move, key: key) ? nil : run.runID }
      }
      return try await group.reduce(into: []) { refused, runID in runID.map { refused.append($0) } }
    }
  }

  private func key(_ queue: String, _ version: Int32) -> TaskKey {
    TaskKey(kind: .workflow, namespace: selection.namespace, queue: queue, type: type, version: version)
  }
}
