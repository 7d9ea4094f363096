internal import Logging
public import ServiceLifecycle
internal import Synchronization

/// A process's share of the work: takes tasks for the workflows and activities that are registered, and runs them.
///
/// `start` runs it by itself; `run` runs it as a service of a `ServiceGroup`. Either works once.
public final class Worker: Service {
  private let makeSession: @Sendable () -> WorkSession
  private let state = Mutex(State.idle)
  private let configuration: WorkerConfiguration

  private enum State {
    case idle
    case running(WorkSession)
    case stopped(beforeStart: Bool)
  }

  init(configuration: WorkerConfiguration, makeSession: @escaping @Sendable () -> WorkSession) {
    self.configuration = configuration
    self.makeSession = makeSession
  }

  /// The worker's own id.
  public var workerID: String { configuration.workerID }

  /// Whether the worker was started and has not ended.
  public var isRunning: Bool { session != nil }

  /// Whether it takes no new tasks any more.
  public var isDraining: Bool { session?.isDraining ?? false }

  /// Workflow tasks at work at this moment. Suspended workflows do not count.
  public var activeWorkflowCount: Int { session?.activeWorkflowCount ?? 0 }

  /// Activities at work at this moment.
  public var activeActivityCount: Int { session?.activeActivityCount ?? 0 }

  /// Works until `stop`, SIGTERM or SIGINT, then drains: takes no new tasks, finishes what runs up to the graceful
  /// timeout, and gives the rest back; a second signal gives everything back at once. Waits as long as the coordinator
  /// cannot be reached.
  ///
  /// Throws `WorkerError`: `alreadyStarted` the second time, `nothingRegistered`, or `refused` by the coordinator.
  public func start() async throws {
    let signals = StopSignals { [weak self, signals = Mutex(0)] in
      let isFirst = signals.withLock { count in
        count += 1
        return count == 1
      }
      self?.stop(timeout: isFirst ? nil : .zero)
    }
    defer { signals.cancel() }
    try await work()
  }

  /// The same as a service: the service group's graceful shutdown drains it, and signals are the group's matter.
  public func run() async throws {
    try await withGracefulShutdownHandler {
      try await work()
    } onGracefulShutdown: {
      self.stop()
    }
  }

  /// Asks the worker to drain; `start` returns when that is done. Before `start` it makes it return at once.
  ///
  /// `timeout`: how long running tasks may finish; nil: the builder's. Asked again with a timeout while the worker
  /// drains, it hurries it.
  public func stop(timeout: Duration? = nil) {
    let session = state.withLock { state in
      switch state {
      case .idle:
        state = .stopped(beforeStart: true)
        return nil as WorkSession?
      case .running(let session): return session
      case .stopped: return nil
      }
    }
    session?.stop(timeout: timeout)
  }

  private var session: WorkSession? {
    state.withLock { state in
      if case .running(let session) = state { session } else { nil }
    }
  }

  private func work() async throws {
    let started: WorkSession? = try state.withLock { state in
      switch state {
      case .idle: break
      case .running, .stopped(beforeStart: false): throw WorkerError.alreadyStarted
      case .stopped(beforeStart: true):
        state = .stopped(beforeStart: false)
        return nil
      }
      let session = makeSession()
      guard !session.registrations.isEmpty else { throw WorkerError.nothingRegistered }
      state = .running(session)
      return session
    }
    guard let session = started else { return }
    defer { state.withLock { $0 = .stopped(beforeStart: false) } }
    try await session.run()
  }
}
