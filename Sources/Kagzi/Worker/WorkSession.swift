internal import Dispatch
internal import GRPC
internal import Logging
internal import Messages
internal import Synchronization

/// A worker's registered session: the tasks it holds and the stream they come and go on.
///
/// All bookkeeping is one lock-protected state, changed by whichever thread brings the news: the stream's (tasks,
/// answers), a run's (reports), an activity's, or the timers' own queue. Nothing of the users' code runs under the lock
/// or on the stream's thread, and heartbeats run on a queue that users' code cannot occupy.
///
/// Faults: a lost lease is ignored work and is dropped; a refusal as invalid is our bug, is logged and parks the run;
/// a broken stream is nobody's: connect again, name what is held, send again what was not answered.
final class WorkSession: Sendable {
  let configuration: WorkerConfiguration
  let registrations: Registrations
  let coordinator: any Coordinator
  let logger: Logger
  let timers = DispatchQueue(label: "kagzi.worker.timers")
  let state: Mutex<State>
  let stopRequests: AsyncStream<Duration?>
  private let stopRequest: AsyncStream<Duration?>.Continuation

  init(
    configuration: WorkerConfiguration, registrations: Registrations, coordinator: any Coordinator, logger: Logger
  ) {
    self.configuration = configuration
    self.registrations = registrations
    self.coordinator = coordinator
    self.logger = logger
    state = Mutex(
      State(
        suspended: SuspendedRuns(limit: configuration.maxCachedWorkflows),
        heartbeatInterval: configuration.heartbeatInterval, lastReceived: ContinuousClock.now))
    (stopRequests, stopRequest) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  var activeWorkflowCount: Int { state.withLock { $0.activeWorkflows } }

  var isDraining: Bool { state.withLock { $0.isDraining } }

  var activeActivityCount: Int { state.withLock { $0.activeActivities } }

  /// Drains the worker. `timeout` nil: the configured one. Asked again while it drains, a timeout hurries it.
  func stop(timeout: Duration? = nil) {
    stopRequest.yield(timeout)
    guard let timeout, state.withLock({ $0.isDraining }) else { return }
    timers.asyncAfter(deadline: .now() + .nanoseconds(Int(timeout.clampedNanoseconds))) {
      self.change { $0.isHurried = true }
    }
  }

  /// Registers, works until `stop`, and leaves in good order. Throws `WorkerError.refused` if it is not let in.
  /// Cancelling the caller's task is `stop` that gives everything back at once.
  func run() async throws {
    let work = Task { try await self.work() }
    try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      stop(timeout: .zero)
    }
  }

  private func work() async throws {
    defer {
      state.withLock { $0.isOver = true }
      abandonEverything()
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await self.register()
        try await self.stayConnected()
      }
      group.addTask { await self.drainWhenAsked() }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Changes the state, and wakes whoever watches for what it became.
  func change<Result>(_ body: (inout State) -> Result) -> Result {
    let (result, woken) = state.withLock { state in
      let result = body(&state)
      if state.watchers.isEmpty { return (result, [] as [@Sendable () -> Void]) }
      let watchers = state.watchers
      state.watchers = watchers.filter { !$0.condition(state) }
      return (result, watchers.filter { $0.condition(state) }.map(\.wake))
    }
    for wake in woken { wake() }
    return result
  }
}
