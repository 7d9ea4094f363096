internal import Engine
internal import GRPC
internal import Messages
internal import Store
internal import Synchronization

/// Where messages to a worker go: its stream, or its waiting unary calls.
internal protocol SessionOutbox: AnyObject, Sendable {
  func send(_ message: WorkResponse.Message)
  /// The session is over, or another stream has taken it.
  func close(_ status: Status)
}

/// A task in a session's hands.
internal struct HeldTask: Sendable {
  var token: TaskToken
  var run: RunReference
  /// Until then it must be accepted; nil once it is.
  var acceptBy: ContinuousClock.Instant?
  /// When the attempt times out, heartbeats left aside.
  var deadline: ContinuousClock.Instant?
  var heartbeat: Duration?
  var heartbeatDeadline: ContinuousClock.Instant?
  /// For a workflow task: resolved groups of which its worker was sent word.
  var toldGroups: Set<String> = []
  /// Why it is to be cancelled, as far as that was found in the database.
  var cancelReason: String?
  /// Whether its worker was sent word that it is to be cancelled.
  var isToldToCancel = false

  /// The next instant at which something must be done about it.
  var nextDeadline: ContinuousClock.Instant? {
    [acceptBy, deadline, heartbeatDeadline].compactMap { $0 }.min()
  }
}

/// A worker's session attached to this coordinator: what it can do, what it holds, where its messages go.
internal final class WorkerSession: Sendable {
  let id: SessionID
  let workerID: String
  let namespace: String
  let keys: [TaskKey]
  let lease: Duration
  /// The agreed interval of its beats.
  let heartbeat: Duration

  fileprivate struct State {
    var outbox: (any SessionOutbox)?
    var held: [TaskToken: HeldTask] = [:]
    /// What the worker says that it holds and the database does not.
    var strays: Set<TaskToken> = []
    /// Workflow tasks of which there is something to tell and that were not accepted yet: the worker may not know them.
    var early: Set<TaskToken> = []
    /// Tasks that are given back because nobody seems to have heard of them, lately and before that: not to be pushed any more.
    var withdrawn: (lately: Set<TaskToken>, before: Set<TaskToken>) = ([], [])
    var nextDeadline: ContinuousClock.Instant?
    var hasBeat = false
    var drain: DrainOrder?
  }

  private let state = Mutex(State())

  init(
    id: SessionID, workerID: String, namespace: String, keys: [TaskKey], lease: Duration, heartbeat: Duration? = nil
  ) {
    self.id = id
    self.workerID = workerID
    self.namespace = namespace
    self.keys = keys
    self.lease = lease
    self.heartbeat = heartbeat ?? lease / 3
  }

  // MARK: Messages

  /// Takes a new outbox; the old one is closed.
  func attach(_ outbox: any SessionOutbox) {
    let old = state.withLock { state in
      defer { state.outbox = outbox }
      return state.outbox
    }
    if let old, old !== outbox { old.close(Status(.aborted, "another stream has taken over this session")) }
  }

  /// Lets go of the outbox if it is still this one.
  func detach(_ outbox: any SessionOutbox) -> Bool {
    state.withLock { state in
      guard state.outbox === outbox else { return false }
      state.outbox = nil
      return true
    }
  }

  var outbox: (any SessionOutbox)? { state.withLock { $0.outbox } }

  var isConnected: Bool { state.withLock { $0.outbox != nil } }

  func send(_ message: WorkResponse.Message) { state.withLock { $0.outbox }?.send(message) }

  func close(_ status: Status) {
    let outbox = state.withLock { state in
      defer { state.outbox = nil }
      return state.outbox
    }
    outbox?.close(status)
  }

  // MARK: Tasks

  enum Push {
    case sent
    /// It is held already, and not sent again.
    case known
    /// It was given back meanwhile.
    case withdrawn
    /// Nobody is there to take it.
    case refused
  }

  /// Hands a task over.
  func push(_ task: HeldTask, _ message: WorkerTask) -> Push {
    let (push, outbox) = state.withLock { state -> (Push, (any SessionOutbox)?) in
      guard !state.isWithdrawn(task.token) else { return (.withdrawn, nil) }
      guard let outbox = state.outbox else { return (.refused, nil) }
      guard state.held[task.token] == nil else { return (.known, nil) }
      state.hold(task)
      return (.sent, outbox)
    }
    outbox?.send(.task(message))
    return push
  }

  /// Makes sure that a task is not pushed any more. False: the worker has it.
  func withdraw(_ token: TaskToken) -> Bool {
    state.withLock { state in
      guard state.held[token] == nil else { return false }
      state.withdrawn.lately.insert(token)
      return true
    }
  }

  /// Forgets which tasks were withdrawn before the last time: nothing of theirs is on its way any more.
  func forgetWithdrawn() { state.withLock { $0.withdrawn = ([], $0.withdrawn.lately) } }

  /// Holds a task that was handed out before (by another coordinator).
  func hold(_ task: HeldTask) { state.withLock { $0.hold(task) } }

  func task(_ token: TaskToken) -> HeldTask? { state.withLock { $0.held[token] } }

  @discardableResult
  func remove(_ token: TaskToken) -> HeldTask? {
    state.withLock { state in
      state.early.remove(token)
      state.strays.remove(token)
      return state.held.removeValue(forKey: token)
    }
  }

  /// Takes note of what the worker says that it holds and the database does not. A report of it may be on its way again.
  func note(strays: Set<TaskToken>) { state.withLock { $0.strays = strays } }

  /// Takes a task away that is not the worker's any more. False: it was, before.
  func takeAway(_ token: TaskToken) -> Bool {
    state.withLock { state in
      state.early.remove(token)
      let wasStray = state.strays.remove(token) != nil
      return state.held.removeValue(forKey: token) != nil || wasStray
    }
  }

  /// All that the worker believes to hold.
  var believedTokens: [TaskToken] { state.withLock { Array($0.held.keys) + $0.strays } }

  var heldTokens: [TaskToken] { state.withLock { Array($0.held.keys) } }

  /// The worker has the task. True: there is something to tell of it.
  func accept(_ token: TaskToken) -> Bool {
    state.withLock { state in
      state.held[token]?.acceptBy = nil
      return state.early.remove(token) != nil
    }
  }

  /// Progress of a task: accepts it and restarts its heartbeat timeout.
  func progressed(_ token: TaskToken, now: ContinuousClock.Instant) -> Bool {
    state.withLock { state in
      guard var task = state.held[token] else { return false }
      task.acceptBy = nil
      if let heartbeat = task.heartbeat { task.heartbeatDeadline = now + heartbeat }
      state.held[token] = task
      return true
    }
  }

  var heldCounts: (workflows: Int, activities: Int) {
    state.withLock { state in
      let activities = state.held.keys.count { $0.step != nil }
      return (state.held.count - activities, activities)
    }
  }

  /// Takes the tasks that are past a deadline.
  func takeOverdue(now: ContinuousClock.Instant) -> [HeldTask] {
    state.withLock { state in
      guard let next = state.nextDeadline, next <= now else { return [] }
      let overdue = state.held.values.filter { ($0.nextDeadline ?? .now + .seconds(3_600)) <= now }
      for task in overdue { state.held[task.token] = nil }
      state.nextDeadline = state.held.values.compactMap(\.nextDeadline).min()
      return overdue
    }
  }

  // MARK: Groups

  /// Resolved groups of which the task's worker was sent word.
  func toldGroups(_ token: TaskToken) -> Set<String> { state.withLock { $0.held[token]?.toldGroups ?? [] } }

  /// Notes of which groups the task's worker is about to be told. False: it has not accepted the task; it is told then.
  func notesTold(_ token: TaskToken, _ groups: [String]) -> Bool {
    state.withLock { state in
      guard let task = state.held[token], task.acceptBy == nil else {
        state.early.insert(token)
        return false
      }
      state.held[token]?.toldGroups.formUnion(groups)
      return true
    }
  }

  /// The answer to a report of the task says that these groups are resolved.
  func answers(_ token: TaskToken, _ groups: [String]) {
    state.withLock { $0.held[token]?.toldGroups.formUnion(groups) }
  }

  /// Nothing that was told is known to have arrived; gives the workflow tasks it may be about.
  func forgetTold() -> [TaskToken] {
    state.withLock { state in
      let tasks = state.held.keys.filter { $0.step == nil }
      for task in tasks {
        state.held[task]?.toldGroups = []
        state.held[task]?.isToldToCancel = false
      }
      return tasks
    }
  }

  /// Forgets what there is to tell of tasks that will not come.
  func forgetEarly(except coming: Set<TaskToken>) { state.withLock { $0.early.formIntersection(coming) } }

  // MARK: Cancelling

  /// Notes that the worker is about to be told to cancel a task. False: it was told.
  func notesCancel(_ token: TaskToken) -> Bool {
    state.withLock { state in
      guard let task = state.held[token] else { return true }
      state.held[token]?.isToldToCancel = true
      return !task.isToldToCancel
    }
  }

  /// The database says that a held task is to be cancelled.
  func note(_ token: TaskToken, cancelReason: String) { state.withLock { $0.held[token]?.cancelReason = cancelReason } }

  /// The tasks that are to be cancelled and of which the worker, if it is there, was not told; it is told now.
  func takeCancels() -> [CancelTask] {
    state.withLock { state in
      guard state.outbox != nil else { return [] }
      return state.held.values.compactMap { task in
        guard let reason = task.cancelReason, !task.isToldToCancel else { return nil }
        state.held[task.token]?.isToldToCancel = true
        return CancelTask(token: task.token.bytes, reason: reason)
      }
    }
  }

  // MARK: Draining

  /// The drain that it was asked for, or that it says it does.
  var drain: DrainOrder? { state.withLock { $0.drain } }

  /// Takes a drain order; false when it is known already. What the worker says itself replaces nothing.
  func take(_ order: DrainOrder) -> Bool {
    state.withLock { state in
      guard state.drain != order, !(order.isOwn && state.drain != nil) else { return false }
      state.drain = order
      return true
    }
  }

  /// What the worker said of itself could not be recorded: its next beat says it again.
  func forgetOwnDrain() { state.withLock { if $0.drain?.isOwn == true { $0.drain = nil } } }

  // MARK: Liveness

  func beat() { state.withLock { $0.hasBeat = true } }

  /// Whether a beat came since the last renewal.
  func takeBeat() -> Bool {
    state.withLock { state in
      defer { state.hasBeat = false }
      return state.hasBeat
    }
  }
}

extension WorkerSession.State {
  fileprivate func isWithdrawn(_ token: TaskToken) -> Bool {
    withdrawn.lately.contains(token) || withdrawn.before.contains(token)
  }

  fileprivate mutating func hold(_ task: HeldTask) {
    held[task.token] = task
    guard let deadline = task.nextDeadline else { return }
    nextDeadline = min(nextDeadline ?? deadline, deadline)
  }
}
