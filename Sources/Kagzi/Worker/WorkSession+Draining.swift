internal import Dispatch
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession {
  /// How long the last reports are waited for when the worker leaves.
  static let farewell = Duration.seconds(5)

  /// Waits for `stop`, then takes no new tasks, finishes what runs, gives the rest back, and says goodbye.
  func drainWhenAsked() async {
    var timeout = configuration.gracefulShutdownTimeout
    for await asked in stopRequests {
      timeout = asked ?? timeout
      break
    }
    if Task.isCancelled { return }
    state.withLock { $0.isDraining = true }
    // Operators see at once that it takes no more.
    beat()
    logger.debug("Draining", metadata: ["timeout": "\(timeout)"])
    await wait(atMost: timeout) { $0.isHurried || ($0.activeWorkflows == 0 && $0.activeActivities == 0) }
    handBack()
    await wait(atMost: Self.farewell) { $0.unanswered.isEmpty }
    let stream = state.withLock { $0.stream }
    stream?.send(WorkRequest(message: .goodbye(Goodbye(reason: "The worker stopped"))))
    // The coordinator closes the stream when it has recorded that the worker left.
    if stream != nil { await wait(atMost: Self.farewell) { $0.stream == nil } }
    stream?.finish()
  }

  /// Gives back what is not finished.
  private func handBack() {
    let held = state.withLock { $0.tasks }
    guard !held.isEmpty else { return }
    logger.warning("Giving unfinished tasks back", metadata: ["count": "\(held.count)"])
    let giveBack = GiveBack(reason: "The worker stopped")
    for (token, task) in held {
      switch task {
      case .workflow(let run):
        sendLast(.workflow(WorkflowReport(outcome: .giveBack(giveBack))), of: token)
        run.drop()
      case .activity(let execution):
        execution.abandon()
        sendLast(.activity(ActivityReport(outcome: .giveBack(giveBack))), of: token)
      }
    }
  }

  /// Waits until the state is so, or the time is over.
  private func wait(atMost timeout: Duration, until condition: @escaping @Sendable (State) -> Bool) async {
    let (events, event) = AsyncStream.makeStream(of: Void.self)
    change { state in
      state.watchers.append((condition, { event.finish() }))
    }
    timers.asyncAfter(deadline: .now() + .nanoseconds(Int(timeout.clampedNanoseconds))) { event.finish() }
    for await _ in events {}
  }

  /// Drops all work: the session is lost, or over.
  func abandonEverything() {
    let (tasks, runs) = change { state in
      let dropped = (Array(state.tasks.values), state.runs.values.map(\.execution))
      state.tasks = [:]
      state.runs = [:]
      state.suspended.removeAll()
      state.unanswered = [:]
      state.unaccepted = []
      state.progress = [:]
      state.activeWorkflows = 0
      state.activeActivities = 0
      return dropped
    }
    for task in tasks { task.abandon() }
    for run in runs { run.drop() }
  }
}
