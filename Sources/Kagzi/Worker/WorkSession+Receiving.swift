internal import GRPC
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession {
  /// One message from the coordinator, on the stream's thread.
  func received(_ response: WorkResponse, _ epoch: Int, _ opening: Opening) {
    let isCurrent = state.withLock { state in
      guard state.epoch == epoch else { return false }
      state.lastReceived = ContinuousClock.now
      return true
    }
    guard isCurrent else { return }
    for answer in response.answers { answered(answer) }
    for task in response.tasks { taskArrived(task) }
    guard let message = response.message else { return }
    switch message {
    case .task(let task): taskArrived(task)
    case .answer(let answer): answered(answer)
    case .cancel(let cancel): cancelRequested(cancel)
    case .lost(let lost): tasksLost(lost)
    case .groups(let resolved): groupsResolved(resolved)
    case .welcome(let welcome): welcomed(welcome, opening)
    case .drain(let drain): drainAsked(drain, opening)
    case .beat: break
    }
  }

  private func welcomed(_ welcome: Welcome, _ opening: Opening) {
    guard let stream = opening.stream else { return }
    let (outbox, grant, reports) = state.withLock { state in
      state.adopt(limits: welcome.limits, heartbeatInterval: welcome.heartbeatInterval)
      let outbox = WorkOutbox(stream: stream, maxReports: state.maxReports)
      state.stream = outbox
      state.isWelcomed = true
      return (
        outbox, state.openGrant(configuration),
        state.unanswered.values.map(\.report).sorted { $0.reportID < $1.reportID }
      )
    }
    logger.debug("Connected", metadata: ["session": "\(welcome.sessionID)", "resumed": "\(welcome.resumed)"])
    for report in reports { outbox.send(report) }
    if let grant { outbox.send(WorkRequest(message: .grant(grant))) }
  }

  private func taskArrived(_ task: WorkerTask) {
    switch task.task {
    case .workflow(let workflow): workflowArrived(task, workflow)
    case .activity(let activity): activityArrived(task, activity)
    case nil: giveBack(task.token, .workflow(WorkflowReport(outcome: .giveBack(GiveBack(reason: "An unknown task")))))
    }
  }

  // MARK: Workflow tasks

  private enum Arrival {
    case known
    case resume(RunExecution)
    case begin(RunExecution, WorkflowHandler, replacing: RunExecution?)
    case giveBack(GiveBack)
  }

  private func workflowArrived(_ task: WorkerTask, _ workflow: WorkflowTask) {
    let arrival = state.withLock { state in arrive(task, workflow, &state) }
    switch arrival {
    case .known: return
    case .giveBack(let giveBack):
      return self.giveBack(task.token, .workflow(WorkflowReport(outcome: .giveBack(giveBack))))
    case .resume(let run):
      fetchRest(of: workflow, task.token, run) { run.resume($0) }
    case .begin(let run, let handler, let replaced):
      replaced?.drop()
      fetchRest(of: workflow, task.token, run) { run.begin($0, handler: handler) }
    }
    scheduleAcceptance()
  }

  private func arrive(_ task: WorkerTask, _ workflow: WorkflowTask, _ state: inout State) -> Arrival {
    if state.tasks[task.token] != nil { return .known }
    if state.isDraining { return .giveBack(GiveBack(reason: "The worker is draining")) }
    let execution: RunExecution
    let arrival: Arrival
    if workflow.delta {
      guard let held = state.runs[task.runID], state.suspended.remove(task.runID) else {
        return .giveBack(GiveBack(reason: "The function is no longer in memory", evicted: true))
      }
      execution = held.execution
      arrival = .resume(execution)
    } else {
      let key = TypeKey(name: task.workflowType, version: task.workflowVersion)
      guard let handler = registrations.workflows[key] else {
        return .giveBack(GiveBack(reason: "Workflow \(key.name) version \(key.version) is not registered here"))
      }
      execution = RunExecution(facts: RunFacts(task, workflow), limits: state.limits, reporter: self)
      arrival = .begin(execution, handler, replacing: state.take(runID: task.runID))
    }
    state.runs[task.runID] = HeldRun(execution: execution, token: task.token)
    state.tasks[task.token] = .workflow(execution)
    state.unaccepted.insert(task.token)
    state.activeWorkflows += 1
    return arrival
  }

  // MARK: Activity tasks

  private func activityArrived(_ task: WorkerTask, _ activity: ActivityTask) {
    let key = TypeKey(name: activity.activityType, version: max(activity.activityVersion, 1))
    let (begins, reason): (ActivityExecution?, String) = state.withLock { state in
      if state.tasks[task.token] != nil { return (nil, "") }
      if state.isDraining { return (nil, "The worker is draining") }
      guard registrations.activities[key] != nil else {
        return (nil, "Activity \(key.name) version \(key.version) is not registered here")
      }
      let execution = ActivityExecution(
        task: task, activity: activity, maxPayloadBytes: state.limits.maxPayloadBytes, reporter: self)
      state.tasks[task.token] = .activity(execution)
      state.unaccepted.insert(task.token)
      state.activeActivities += 1
      return (execution, "")
    }
    if let execution = begins, let handler = registrations.activities[key] {
      execution.begin(handler)
      scheduleAcceptance()
    } else if !reason.isEmpty {
      giveBack(task.token, .activity(ActivityReport(outcome: .giveBack(GiveBack(reason: reason)))))
    }
  }

  // MARK: Cancellation, groups, loss, drain

  private func cancelRequested(_ cancel: CancelTask) {
    switch state.withLock({ $0.tasks[cancel.token] }) {
    case .workflow(let run): run.cancelRequested(reason: cancel.reason)
    case .activity(let execution): execution.cancel()
    case nil: break
    }
  }

  /// Groups were resolved elsewhere. Of a task that is not held any more the next one says the same.
  private func groupsResolved(_ resolved: GroupsResolved) {
    guard case .workflow(let run) = state.withLock({ $0.tasks[resolved.token] }) else { return }
    fetchRest(of: resolved, run) { run.resolvedElsewhere($0.groups, $0.steps) }
  }

  private func tasksLost(_ lost: TaskLost) {
    logger.warning("Tasks were taken away", metadata: ["count": "\(lost.tokens.count)", "reason": "\(lost.reason)"])
    lose(lost.tokens)
  }

  /// Drops these tasks' work and grants their slots again.
  func lose(_ tokens: [[UInt8]]) {
    let (held, grant, stream) = change { state in
      var held: [HeldTask] = []
      var grant = SlotGrant()
      for token in tokens {
        guard let task = state.release(token, &grant) else { continue }
        if case .workflow(let run) = task { _ = state.take(runID: run.facts.runID) }
        held.append(task)
      }
      return (held, state.isDraining ? SlotGrant() : grant, state.stream)
    }
    for task in held { task.abandon() }
    if grant != SlotGrant() { stream?.send(WorkRequest(message: .grant(grant))) }
  }

  private func drainAsked(_ drain: Drain, _ opening: Opening) {
    logger.debug("Asked to drain", metadata: ["reconnect": "\(drain.reconnect)", "reason": "\(drain.reason)"])
    if drain.reconnect {
      opening.stream?.cancel()
    } else {
      stop(timeout: drain.timeout.map { Duration($0) })
    }
  }
}

extension WorkSession.HeldTask {
  /// Stops the work; nothing it still does counts.
  func abandon() {
    switch self {
    case .workflow(let run): run.drop()
    case .activity(let execution): execution.abandon()
    }
  }
}

extension WorkSession.State {
  /// Forgets a run's function. Its current task, if it has one, is forgotten with it.
  mutating func take(runID: String) -> RunExecution? {
    guard let held = runs.removeValue(forKey: runID) else { return nil }
    _ = suspended.remove(runID)
    var grant = SlotGrant()
    _ = release(held.token, &grant)
    return held.execution
  }

  /// Forgets a task; the slot that becomes free is added to the grant.
  mutating func release(_ token: [UInt8], _ grant: inout SlotGrant) -> WorkSession.HeldTask? {
    unaccepted.remove(token)
    progress[token] = nil
    guard let task = tasks.removeValue(forKey: token) else { return nil }
    switch task {
    case .workflow:
      activeWorkflows -= 1
      grant.workflowSlots += 1
    case .activity:
      activeActivities -= 1
      grant.activitySlots += 1
    }
    return task
  }
}
