package import Engine
internal import Logging
internal import Messages
internal import Store
internal import Synchronization

/// Getting tasks to sessions: reserved slots, claims of what waits, and giving back what could not be delivered.
extension Coordinator {
  /// Reserves a slot for a task that is about to be made ready.
  internal func reserve(_ key: TaskKey, preferring: SessionID? = nil, jumpsQueue: Bool) -> SessionID? {
    dispatch.withLock { $0.reserve(key, preferring: preferring, jumpsQueue: jumpsQueue) }
  }

  /// Gives a reserved slot back that no task came to use.
  internal func release(_ session: SessionID?, _ kind: TaskKind) {
    guard let session else { return }
    let claims = dispatch.withLock { table in
      table.release(session, kind)
      return table.nextClaims(limit: limits.claimSize)
    }
    send(claims)
  }

  /// A session grants slots; what waits is claimed for them.
  internal func grant(_ session: SessionID, workflows: Int, activities: Int) {
    guard workflows > 0 || activities > 0 else { return }
    let claims = dispatch.withLock { table in
      table.grant(session, workflows: workflows, activities: activities, limit: limits.maxSlots)
      return table.nextClaims(limit: limits.claimSize)
    }
    send(claims)
  }

  /// Tasks of `key` became ready in the database.
  internal func noteReady(_ key: TaskKey) {
    for key in [key] + moves.others(than: key) {
      let claims = dispatch.withLock { table in
        table.noteReady(key)
        return table.nextClaims(limit: limits.claimSize)
      }
      if !claims.contains(where: { $0.key == key }) { peers.announce(.ready(key)) }
      send(claims)
    }
  }

  /// Another coordinator says that tasks of `key` are ready.
  package func heardReady(_ key: TaskKey) {
    let claims = dispatch.withLock { table in
      table.noteReady(key)
      return table.nextClaims(limit: limits.claimSize)
    }
    send(claims)
  }

  /// Anything may be ready: looks once a key that has free slots.
  package func scanReady() {
    let claims = dispatch.withLock { table in
      table.noteAllReady()
      return table.nextClaims(limit: limits.claimSize)
    }
    send(claims)
  }

  private func send(_ claims: [DispatchTable.Claim]) {
    for claim in claims {
      let request = ClaimTasks(key: claim.key, slots: claim.slots)
      let operation: Operation = claim.key.kind == .workflow ? .claimRuns(request) : .claimSteps(request)
      store.submit(operation, of: claim.key.tenant) { [self] result in finish(claim, result) }
    }
  }

  private func finish(_ claim: DispatchTable.Claim, _ result: Result<Outcome, StoreError>) {
    var used: [SessionID] = []
    var isPassedOver = false
    switch result {
    case .success(.claimedRuns(let runs, let passedOver)):
      isPassedOver = passedOver
      used = runs.map(\.sessionID)
      for run in runs { load(run) }
    case .success(.claimedSteps(let steps, let passedOver)):
      isPassedOver = passedOver
      used = steps.map(\.sessionID)
      for step in steps { deliver(step) }
    case .success: break
    case .failure(let error): logger.debug("a claim failed", metadata: ["error": "\(error)"])
    }
    var left = claim.slots
    for session in used { left.firstIndex(of: session).map { _ = left.swapRemove(at: $0) } }
    let hasFailed = if case .failure = result { true } else { false }
    let claims = dispatch.withLock { table in
      for session in left { table.release(session, claim.key.kind) }
      // After a failure there may be as much as before.
      table.claimFinished(claim, taken: hasFailed || isPassedOver ? claim.slots.count : used.count)
      return hasFailed || isPassedOver ? [] : table.nextClaims(limit: limits.claimSize)
    }
    if isPassedOver { lookAgain() } else { send(claims) }
  }

  /// Claims again what a claim passed over because it was locked: whoever had it locked will have committed.
  private func lookAgain() {
    Task { [self] in
      try? await Task.sleep(for: .milliseconds(2))
      send(dispatch.withLock { $0.nextClaims(limit: limits.claimSize) })
    }
  }

  // MARK: Delivering

  /// Pushes a task; one that nobody is there to take goes back.
  internal func deliver(_ task: HeldTask, _ message: WorkerTask) {
    let kind: TaskKind = task.token.step == nil ? .workflow : .activity
    switch session(task.token.sessionID)?.push(task, message) {
    case .sent: meter.handedOut(kind)
    case .known, .withdrawn: release(task.token.sessionID, kind)
    case .refused, nil:
      giveBack(task.token, reason: "its session was gone when the task arrived", isLoss: false)
    }
  }

  internal func deliver(_ step: ClaimedStep) {
    deliver(heldTask(step), activityTask(step))
  }

  /// Takes a task away from its session and makes it ready for others, without penalty.
  internal func giveBack(_ token: TaskToken, reason: String, isLoss: Bool) {
    if let step = token.step {
      store.submit(.releaseStep(ReleaseStep(runID: token.runID, stepKey: step, epoch: token.epoch))) { [self] result in
        guard case .success(.done) = result else { return }
        noteStepReady(token.runID, step)
      }
    } else {
      let release = ReleaseRun(
        runID: token.runID, epoch: token.epoch, isLoss: isLoss, lossLimit: limits.lossLimit, reason: reason)
      store.submit(.releaseRun(release)) { [self] result in
        guard case .success(.woken(let wake)) = result else { return }
        if case .ready = wake { noteRunReady(token.runID) }
        hub.changed(token.runID)
      }
    }
  }

  /// A run became claimable whose key is not at hand.
  internal func noteRunReady(_ runID: RunID) {
    store.read(LoadTaskRuns(runIDs: [runID])) { [self] result in
      if let row = try? result.get().first { noteReady(row.run.taskKey) }
    }
  }

  /// A step became claimable whose key is not at hand.
  internal func noteStepReady(_ runID: RunID, _ stepKey: String) {
    store.read(StepTaskKey(runID: runID, stepKey: stepKey)) { [self] result in
      if let key = try? result.get().first { noteReady(key) }
    }
  }

  /// What an event did to a run, carried out: the reserved slot is used or released, the task pushed or announced.
  /// - Parameter record: what settled, if that is all the news there is.
  internal func follow(_ wake: Wake, of run: RunReference, reserved: SessionID?, record: StepRecord?) {
    switch wake {
    case .none: release(reserved, .workflow)
    case .ready:
      release(reserved, .workflow)
      noteReady(run.taskKey)
    case .leased(let epoch, let isDelta, let isAlone):
      guard let reserved else { return }
      if isDelta, isAlone, let record {
        let token = TaskToken(runID: run.runID, sessionID: reserved, epoch: epoch, step: nil)
        var sticky = run
        sticky.stickySession = reserved
        deliver(heldTask(token, of: sticky), deltaTask(token, of: run, records: [record]))
      } else {
        load(ClaimedRun(runID: run.runID, sessionID: reserved, epoch: epoch, isDelta: isDelta))
      }
    }
    hub.changed(run.runID)
  }
}

extension Array {
  /// Removes an element by putting the last one in its place.
  fileprivate mutating func swapRemove(at index: Int) -> Element {
    swapAt(index, count - 1)
    return removeLast()
  }
}
