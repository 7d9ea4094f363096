internal import Engine
internal import GRPC
internal import Messages
internal import Synchronization

/// The outbox of a worker without a stream: tasks answer its waiting ClaimTasks, everything else goes to its Heartbeat
/// stream. Messages that nobody waits for are kept, up to a limit.
internal final class UnaryOutbox: SessionOutbox {
  private struct State {
    var claim: Claim?
    var heartbeat: ResponseStream<HeartbeatResponse>?
    var notices: [HeartbeatResponse] = []
  }

  private final class Claim: Sendable {
    let reply: Reply<ClaimTasksResponse>
    let tasks = Mutex<[WorkerTask]>([])
    init(reply: Reply<ClaimTasksResponse>) { self.reply = reply }
  }

  private static let maxNotices = 1_000
  private let state = Mutex(State())
  private let coordinator: Coordinator
  private let sessionID: SessionID

  init(coordinator: Coordinator, sessionID: SessionID) {
    self.coordinator = coordinator
    self.sessionID = sessionID
  }

  // MARK: Claims

  /// A call begins to wait. Any earlier one is answered empty.
  func wait(_ reply: Reply<ClaimTasksResponse>) {
    let old = state.withLock { state in
      defer { state.claim = Claim(reply: reply) }
      return state.claim
    }
    old?.reply.succeed(ClaimTasksResponse())
  }

  /// The wait is over: the slots it granted are void, what has come is the answer.
  /// - Parameter reply: ends only the wait of this call; nil: whichever waits.
  func endWait(_ reply: Reply<ClaimTasksResponse>? = nil) {
    guard reply == nil || state.withLock({ $0.claim?.reply === reply }) else { return }
    coordinator.dispatch.withLock { $0.revokeSlots(sessionID) }
    let claim = state.withLock { state in
      defer { state.claim = nil }
      return state.claim
    }
    guard let claim else { return }
    claim.reply.succeed(ClaimTasksResponse(tasks: claim.tasks.withLock { $0 }))
  }

  // MARK: SessionOutbox

  func send(_ message: WorkResponse.Message) {
    switch message {
    case .task(let task): send(task)
    case .cancel(let cancel): notify(HeartbeatResponse(message: .cancel(cancel)))
    case .lost(let lost): notify(HeartbeatResponse(message: .lost(lost)))
    case .groups(let groups): tell(groups)
    case .drain(let drain):
      notify(HeartbeatResponse(message: .drain(drain)))
      endWait()
      if drain.reconnect { state.withLock { $0.heartbeat }?.finish(.ok) }
    case .beat(let beat): notify(HeartbeatResponse(message: .beat(beat)))
    case .welcome, .answer: break
    }
  }

  func close(_ status: Status) {
    let (claim, heartbeat) = state.withLock { state in
      defer { state = State() }
      return (state.claim, state.heartbeat)
    }
    claim?.reply.fail(status)
    heartbeat?.finish(status)
  }

  /// The first task answers the call; what comes in the same turn of the event loop goes with it.
  private func send(_ task: WorkerTask) {
    let (claim, isFirst) = state.withLock { state -> (Claim?, Bool) in
      guard let claim = state.claim else { return (nil, false) }
      let isFirst = claim.tasks.withLock { tasks in
        tasks.append(task)
        return tasks.count == 1
      }
      return (claim, isFirst)
    }
    guard claim != nil else {
      // Nobody waits any more.
      if let token = TaskToken(task.token) {
        coordinator.session(sessionID)?.remove(token)
        coordinator.giveBack(token, reason: "no call waited for it", isLoss: false)
      }
      return
    }
    if isFirst { Task { self.endWait() } }
  }

  // MARK: Heartbeats

  /// - Returns: whether it is a new one: what went to an earlier one may not have arrived.
  func attach(_ stream: ResponseStream<HeartbeatResponse>) -> Bool {
    let (notices, isNew) = state.withLock { state in
      defer {
        state.notices = []
        state.heartbeat = stream
      }
      return (state.notices, state.heartbeat !== stream)
    }
    for notice in notices { _ = stream.write(notice) }
    return isNew
  }

  func detach(_ stream: ResponseStream<HeartbeatResponse>) {
    state.withLock { state in if state.heartbeat === stream { state.heartbeat = nil } }
  }

  /// Not kept without a stream: a new one is told all of it.
  private func tell(_ groups: GroupsResolved) {
    _ = state.withLock { $0.heartbeat }?.write(HeartbeatResponse(message: .groups(groups)))
  }

  private func notify(_ response: HeartbeatResponse) {
    let stream = state.withLock { state in
      if state.heartbeat == nil, state.notices.count < Self.maxNotices { state.notices.append(response) }
      return state.heartbeat
    }
    _ = stream?.write(response)
  }
}

extension Coordinator {
  /// The outbox of a session that works by unary calls, made when first needed.
  internal func unaryOutbox(of session: WorkerSession) throws(Status) -> UnaryOutbox {
    if let outbox = session.outbox {
      guard let unary = outbox as? UnaryOutbox else {
        throw Status(.failedPrecondition, "the session works over a stream: use Work, or register another worker")
      }
      return unary
    }
    let outbox = UnaryOutbox(coordinator: self, sessionID: session.id)
    session.attach(outbox)
    if let drain = session.drainMessage { outbox.send(.drain(drain)) }
    return outbox
  }
}
