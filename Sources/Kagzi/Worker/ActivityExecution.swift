internal import Messages
internal import Synchronization

/// Where an activity's reports go.
protocol ActivityReporter: AnyObject, Sendable {
  /// The function ended with this report.
  func ended(_ execution: ActivityExecution, _ report: ActivityReport)
  /// The function said that it is alive.
  func progressed(_ execution: ActivityExecution, _ details: Payload?)
}

/// One activity task at work.
final class ActivityExecution: Sendable {
  let task: WorkerTask
  let activity: ActivityTask
  private let reporter: any ActivityReporter
  private let maxPayloadBytes: Int
  private let state = Mutex(State())

  private struct State {
    var function: Task<Void, Never>?
    var isCancelled = false
    var completesLater = false
    /// What the function still does no longer counts.
    var isOver = false
  }

  init(task: WorkerTask, activity: ActivityTask, maxPayloadBytes: Int, reporter: any ActivityReporter) {
    self.task = task
    self.activity = activity
    self.maxPayloadBytes = maxPayloadBytes
    self.reporter = reporter
  }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func begin(_ handler: @escaping ActivityHandler) {
    let function = Task {
      let outcome: ActivityReport.Outcome
      do {
        outcome = .output(try await handler(ActivityContext(execution: self), self.activity.input))
      } catch {
        outcome = self.outcome(of: error)
      }
      self.end(outcome)
    }
    let isCancelled = state.withLock { state in
      if !state.isOver { state.function = function }
      return state.isCancelled
    }
    if isCancelled { function.cancel() }
  }

  /// Asks the function to stop.
  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      return state.function
    }?.cancel()
  }

  /// Stops the function; what it still does no longer counts.
  func abandon() {
    state.withLock { state in
      defer { state.function = nil }
      state.isCancelled = true
      state.isOver = true
      return state.function
    }?.cancel()
  }

  func progressed(_ details: Payload?) {
    guard !state.withLock({ $0.isOver }) else { return }
    reporter.progressed(self, details)
  }

  func completeLater() {
    state.withLock { $0.completesLater = true }
  }

  private func end(_ outcome: ActivityReport.Outcome) {
    let report: ActivityReport? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.isOver = true
      state.function = nil
      return ActivityReport(outcome: state.completesLater ? .completesLater(CompletesLater()) : checked(outcome))
    }
    if let report { reporter.ended(self, report) }
  }

  private func checked(_ outcome: ActivityReport.Outcome) -> ActivityReport.Outcome {
    guard case .output(let payload) = outcome else { return outcome }
    do {
      return .output(try payload.checked(limit: maxPayloadBytes))
    } catch {
      return .failure(StepError(recording: error).failure)
    }
  }

  private func outcome(of error: any Error) -> ActivityReport.Outcome {
    let error = StepError(recording: error)
    if error.kind == .cancelled, isCancelled { return .cancelled(Cancelled(message: error.message.wireText)) }
    return .failure(error.failure)
  }
}
