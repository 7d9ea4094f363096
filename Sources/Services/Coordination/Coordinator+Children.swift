internal import Engine
internal import Logging
internal import Messages
internal import Postgres
package import Store
internal import Synchronization

/// What parents and children owe each other: a child's end settles its parent's step, a parent's close stops its children.
/// Each is noted in the transaction that makes it due, seen to right after the commit, and found by a scan if a
/// coordinator died in between.
extension Coordinator {
  // MARK: Children that a report started

  internal func handOut(_ children: [PlannedChild], _ recorded: RecordedChildren, of parent: RunReference) {
    for planned in children {
      let id = planned.child.childRunID
      if let start = planned.child.start, let createdAt = recorded.started[id] {
        var run = RunReference(start)
        if recorded.renamed.contains(id) { run.workflowID = id.description }
        handOut(run, input: planned.input, createdAt: createdAt, reserved: start.reservedSession)
        continue
      }
      release(planned.reservedSession, .workflow)
      guard recorded.unstarted.contains(id) else { continue }
      var child = EndedChild(
        runID: id, workflowID: planned.child.start?.workflowID ?? "", status: nil, firstRunID: id, parent: parent,
        parentStep: planned.child.stepKey)
      child.failure = planned.child.failure
      tellParent(child)
    }
  }

  private func handOut(_ run: RunReference, input: Payload?, createdAt: PostgresTimestamp, reserved: SessionID?) {
    guard let reserved else { return noteReady(run.taskKey) }
    let token = TaskToken(runID: run.runID, sessionID: reserved, epoch: 1, step: nil)
    deliver(heldTask(token, of: run), firstTask(token, of: run, input: input, createdAt: createdAt))
  }

  // MARK: A child's end

  /// Settles the step of the parent that waits for a child.
  internal func tellParent(_ child: EndedChild) {
    tellParent(child) { [logger] result in
      guard case .failure(let error) = result else { return }
      logger.debug("a parent could not be told of its child's end yet", metadata: ["error": "\(error)"])
    }
  }

  private func tellParent(
    _ child: EndedChild, completion: @escaping @Sendable (Result<Outcome, StoreError>) -> Void
  ) {
    let isCompleted = child.status == .completed
    settle(
      child.parent.runID, child.parentStep, guard: .child(first: child.firstRunID, ended: child.runID),
      run: child.parent, state: isCompleted ? .completed : .failed,
      output: isCompleted ? Payload(blob: child.output) : nil, failure: isCompleted ? nil : Failure(of: child),
      kind: .child, completion: completion)
  }

  // MARK: A parent's close

  /// Stops children whose steps were cancelled, each as its policy says. False: some could not be stopped yet.
  @discardableResult
  internal func stop(_ children: [StrandedChild]) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      var areStopped = true
      for (index, child) in children.enumerated() {
        if index >= limits.concurrentStops, await group.next() == false { areStopped = false }
        group.addTask { [self] in
          do {
            try await stop(child)
            return true
          } catch {
            logger.debug("a child could not be stopped yet", metadata: ["error": "\(error)"])
            return false
          }
        }
      }
      for await isStopped in group where !isStopped { areStopped = false }
      return areStopped
    }
  }

  private func stop(_ child: StrandedChild) async throws(StoreError) {
    let look = OpenChild(parentRunID: child.parentRunID, parentStep: child.parentStep)
    // One that is not open any more may have continued as a new run meanwhile.
    while let open = try await store.read(look).first {
      let isStopped =
        switch open.policy {
        case .terminate:
          try await end(
            open.run.runID, .terminated, kind: .cancelled,
            reason: "its parent \(child.parentRunID) stopped waiting for it"
          )
        case .cancel, .abandon:
          try await cancel(open.run, reason: "its parent \(child.parentRunID) stopped waiting for it")
        }
      if isStopped { break }
    }
    _ = try await store.submit(.forgetNotice(ChildNotice(runID: child.childRunID, kind: .stranded)))
  }

  // MARK: What was lost on the way

  /// Sees to notices that were left over. The first time all of them: nothing of this coordinator is on its way yet.
  /// - Parameter minimumAgeMilliseconds: younger ones may be on their way; seeing to those twice is harmless.
  package func sweepChildNotices(minimumAgeMilliseconds: Int64 = 3_000) async throws(StoreError) {
    let isFirst = hasSweptNotices.withLock { hasSwept in
      defer { hasSwept = true }
      return !hasSwept
    }
    let limit = 1_000
    var count = limit
    while count == limit {
      let rows = try await store.read(
        PendingChildNotices(minimumAgeMilliseconds: isFirst ? 0 : minimumAgeMilliseconds, limit: limit))
      count = rows.count
      var stranded: [StrandedChild] = []
      var ended: [EndedChild] = []
      for row in rows {
        switch row {
        case .ended(let child): ended.append(child)
        case .stranded(let child): stranded.append(child)
        case .moot(let notice): _ = try await store.submit(.forgetNotice(notice))
        }
      }
      try await tellParents(ended)
      // What cannot be done now is done at the next turn.
      guard await stop(stranded) else { return }
    }
  }

  private func tellParents(_ children: [EndedChild]) async throws(StoreError) {
    var failure: StoreError?
    await withTaskGroup(of: Result<Outcome, StoreError>.self) { group in
      for child in children {
        group.addTask { [self] in
          await withCheckedContinuation { continuation in
            tellParent(child) { continuation.resume(returning: $0) }
          }
        }
      }
      for await case .failure(let error) in group { failure = error }
    }
    if let failure { throw failure }
  }
}
