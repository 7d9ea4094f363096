internal import Dispatch
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession {
  /// How long tasks are collected before they are accepted in one message.
  static let acceptDelay = DispatchTimeInterval.milliseconds(5)

  /// Accepts the tasks that arrived, a little later: those that are reported by then need it no more.
  func scheduleAcceptance() {
    let isNew = state.withLock { state in
      guard !state.isAcceptScheduled, !state.unaccepted.isEmpty else { return false }
      state.isAcceptScheduled = true
      return true
    }
    guard isNew else { return }
    timers.asyncAfter(deadline: .now() + Self.acceptDelay) {
      let (tokens, stream) = self.state.withLock { state in
        defer {
          state.unaccepted = []
          state.isAcceptScheduled = false
        }
        return (Array(state.unaccepted), state.stream)
      }
      if !tokens.isEmpty { stream?.send(WorkRequest(message: .accepted(TaskAccepted(tokens: tokens)))) }
    }
  }

  /// Beats until the task that called `stayConnected` ends; independent of users' code.
  func startBeats() {
    scheduleBeat(after: state.withLock { $0.heartbeatInterval })
  }

  private func scheduleBeat(after interval: Duration) {
    timers.asyncAfter(deadline: .now() + .nanoseconds(Int(interval.clampedNanoseconds))) { [weak self] in
      guard let self else { return }
      let (interval, isOver, silence, stream) = state.withLock { state in
        (state.heartbeatInterval, state.isOver, ContinuousClock.now - state.lastReceived, state.stream)
      }
      guard !isOver else { return }
      if silence > interval * 2 {
        logger.warning("The coordinator is silent; connecting again", metadata: ["silence": "\(silence)"])
        stream?.cancel()
      } else {
        beat()
      }
      scheduleBeat(after: interval)
    }
  }

  /// Says that the worker is alive and how far its activities are.
  func beat() {
    let (beat, stream) = state.withLock { state in
      let beat = Beat(
        progress: state.progress.map { ActivityProgress(token: $0.key, details: $0.value) },
        activeWorkflows: UInt32(clamping: state.activeWorkflows),
        activeActivities: UInt32(clamping: state.activeActivities), draining: state.isDraining)
      // Progress that cannot be sent now goes with the next beat.
      if state.stream != nil {
        for token in state.progress.keys { state.unaccepted.remove(token) }
        state.progress = [:]
        state.lastProgressBeat = ContinuousClock.now
      }
      return (beat, state.stream)
    }
    stream?.send(WorkRequest(message: .beat(beat)))
  }

  /// An activity's progress: sent at once, or up to a second later when one was sent just now.
  func progressed(_ execution: ActivityExecution, _ details: Payload?) {
    let token = execution.task.token
    var pace = Duration.seconds(1)
    if let timeout = execution.activity.heartbeatTimeout { pace = min(pace, Duration(timeout) / 4) }
    let delay: Duration? = state.withLock { state in
      guard state.tasks[token] != nil else { return nil }
      // Liveness alone keeps the details that wait to be sent.
      if details != nil || state.progress[token] == nil { state.progress[token] = .some(details) }
      let elapsed = state.lastProgressBeat.map { ContinuousClock.now - $0 } ?? pace
      if state.isProgressScheduled && elapsed < pace { return nil }
      state.isProgressScheduled = true
      return max(pace - elapsed, .zero)
    }
    guard let delay else { return }
    timers.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.clampedNanoseconds))) {
      let isWanted = self.state.withLock { state in
        state.isProgressScheduled = false
        return !state.progress.isEmpty
      }
      if isWanted { self.beat() }
    }
  }
}
