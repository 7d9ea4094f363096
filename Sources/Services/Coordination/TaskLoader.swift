internal import Engine
internal import Logging
internal import Messages
internal import Postgres
internal import Store
internal import Synchronization

/// Collects workflow tasks that need their run's record read; one read at a time takes all that wait.
internal final class TaskLoader: Sendable {
  fileprivate struct State {
    var pending: [ClaimedRun] = []
    /// Those that are being read for, or pushed; nil: none.
    var reading: [ClaimedRun]?
  }

  private static let batch = 64
  private let state = Mutex(State())

  /// Adds one; the runs to read now, if no read is under way.
  func add(_ run: ClaimedRun) -> [ClaimedRun] {
    state.withLock { state in
      state.pending.append(run)
      guard state.reading == nil else { return [] }
      return state.take(Self.batch)
    }
  }

  /// A read has ended; the runs to read next.
  func next() -> [ClaimedRun] { state.withLock { $0.take(Self.batch) } }

  /// Those on their way.
  var runs: [ClaimedRun] { state.withLock { ($0.reading ?? []) + $0.pending } }
}

extension TaskLoader.State {
  fileprivate mutating func take(_ count: Int) -> [ClaimedRun] {
    let taken = Array(pending.prefix(count))
    pending.removeFirst(taken.count)
    reading = taken.isEmpty ? nil : taken
    return taken
  }
}

extension Coordinator {
  /// Reads what a handed-out workflow task carries, then pushes it.
  internal func load(_ run: ClaimedRun) { read(loader.add(run)) }

  private func read(_ runs: [ClaimedRun]) {
    guard !runs.isEmpty else { return }
    Task { [self] in
      do {
        let records = try await taskRecords(runs)
        for run in runs { deliver(run, records[run.runID]) }
      } catch {
        logger.warning("workflow tasks could not be read", metadata: ["error": "\(error)"])
        for run in runs { giveBack(run.token, reason: "its record could not be read", isLoss: false) }
      }
      read(loader.next())
    }
  }

  private func taskRecords(_ runs: [ClaimedRun]) async throws(StoreError) -> [RunID: TaskRecord] {
    let runIDs = runs.map(\.runID)
    let areDeltas = runs.map(\.isDelta)
    let maxBytes = limits.taskStepBytes
    return try await store.lookUp { connection in
      var records: [RunID: TaskRecord] = [:]
      for row in try connection.execute(LoadTaskRuns(runIDs: runIDs)).rows {
        records[row.run.runID] = TaskRecord(row: row, steps: [])
      }
      for row in try connection.execute(
        LoadTaskSteps(runIDs: runIDs, areDeltas: areDeltas, maxBytes: maxBytes)
      ).rows {
        records[row.runID]?.steps.append(row)
      }
      if records.values.contains(where: \.row.hasGroups) {
        for row in try connection.execute(LoadTaskGroups(runIDs: runIDs, areDeltas: areDeltas)).rows {
          records[row.runID]?.groups.append(row.group)
        }
      }
      return records
    }
  }

  private func deliver(_ run: ClaimedRun, _ record: TaskRecord?) {
    // Gone or handed out anew meanwhile: nothing to deliver, but the slot is free again.
    guard let record, record.row.isLeased, record.row.epoch == run.epoch else {
      return release(run.sessionID, .workflow)
    }
    let row = record.row
    if let session = session(run.sessionID), !session.keys.contains(row.run.taskKey) {
      // The run was moved to another version while a slot was being reserved for the one it had.
      release(run.sessionID, .workflow)
      return giveBack(run.token, reason: "its session does not serve the version", isLoss: false)
    }
    var reference = row.run
    reference.stickySession = run.sessionID
    var task = message(run.token, of: row.run, attempt: row.attempt)
    var workflow = WorkflowTask(
      input: run.isDelta ? nil : Payload(blob: row.input), delta: run.isDelta,
      cancelRequested: row.isCancelRequested, cancelReason: row.cancelReason ?? "", now: Timestamp(row.createdAt),
      seed: Self.seed(of: run.runID))
    workflow.groups = record.groups.map { GroupRecord($0) }
    let more: PageToken?
    (workflow.steps, more) = page(record.steps)
    workflow.moreStepsToken = more.map { MoreSteps(isDelta: run.isDelta, after: $0).text } ?? ""
    task.task = .workflow(workflow)
    var held = heldTask(run.token, of: reference)
    held.isToldToCancel = row.isCancelRequested
    deliver(held, task)
  }

  /// Records up to the limit of one message, and the token to fetch the rest with. Local steps that wait for their next
  /// attempt always come along: their delay is known only now.
  internal func page(_ rows: [LoadTaskSteps.Row]) -> (records: [StepRecord], more: PageToken?) {
    var size = 0
    var records: [StepRecord] = []
    for (index, row) in rows.enumerated() {
      size += row.step.size
      if size > limits.taskStepBytes, index > 0 {
        let last = rows[index - 1].step
        records += rows[index...].filter { $0.retryDelayMilliseconds != nil }
          .map { StepRecord($0.step, retryDelayMilliseconds: $0.retryDelayMilliseconds) }
        return (records, PageToken(sequence: last.scheduledSequence, key: last.key))
      }
      records.append(StepRecord(row.step, retryDelayMilliseconds: row.retryDelayMilliseconds))
    }
    return (records, nil)
  }
}

private struct TaskRecord: Sendable {
  var row: LoadTaskRuns.Row
  var steps: [LoadTaskSteps.Row]
  var groups: [GroupRow] = []
}

extension ClaimedRun {
  internal var token: TaskToken { TaskToken(runID: runID, sessionID: sessionID, epoch: epoch, step: nil) }
}

extension StepRow {
  /// About what it takes in a message, in bytes.
  internal var size: Int { key.utf8.count + (output?.count ?? 0) + (failure?.count ?? 0) + 32 }
}
