internal import Engine
internal import Logging
internal import Messages
package import Store
internal import Synchronization

/// Deadlines of tasks in the hands of sessions attached here: acceptance, timeouts, heartbeats.
extension Coordinator {
  /// Looks for tasks past a deadline. Called often; costs next to nothing when none is.
  package func sweepDeadlines(now: ContinuousClock.Instant) {
    for session in sessions.withLock({ Array($0.values) }) {
      for task in session.takeOverdue(now: now) { overdue(task, in: session, now: now) }
    }
  }

  private func overdue(_ task: HeldTask, in session: WorkerSession, now: ContinuousClock.Instant) {
    if let acceptBy = task.acceptBy, acceptBy <= now {
      let reason = "it was not accepted within \(limits.acceptTimeout)"
      session.send(.lost(TaskLost(tokens: [task.token.bytes], reason: reason)))
      return giveBack(task.token, reason: reason, isLoss: false)
    }
    guard let step = task.token.step else { return }
    let isHeartbeat = task.heartbeatDeadline.map { $0 <= now } ?? false
    let reason =
      isHeartbeat ? "no heartbeat came within \(task.heartbeat ?? .zero)" : "the attempt took longer than allowed"
    timeOut(task.token, step: step, reason: reason)
    session.send(.lost(TaskLost(tokens: [task.token.bytes], reason: reason)))
  }

  private func timeOut(_ token: TaskToken, step: String, reason: String) {
    Task { [self] in
      let failure = Failure(kind: .timeout, message: reason, source: "kagzi")
      do {
        _ = try await failStep(token.runID, step, guard: .held(epoch: token.epoch), failure: failure)
      } catch {
        logger.warning("a timeout could not be recorded", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Attempts past their deadline that no coordinator watches: the slow safety net.
  package func sweepOverdueSteps() async throws(StoreError) {
    for step in try await store.read(OverdueSteps()) {
      session(step.sessionID)?.remove(step.token)
      timeOut(step.token, step: step.stepKey, reason: "the attempt took longer than allowed")
    }
  }
}
