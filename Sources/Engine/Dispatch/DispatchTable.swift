internal import DequeModule

/// Which session gets which task: the free slots of the sessions attached to this coordinator, and which kinds of task may
/// be waiting in the database. Pure; the caller guards it with a lock.
///
/// A slot is *reserved* before the statement that writes the lease is sent; what the statement did not create is
/// *released* again. A pushed task keeps its slot until the worker grants it anew.
package struct DispatchTable: Sendable {
  /// What a session announces it can do.
  package struct Session: Sendable {
    package var keys: [TaskKey]
    package var freeWorkflowSlots = 0
    package var freeActivitySlots = 0
    package var isDraining = false
    fileprivate var queued: Set<TaskKey> = []

    package init(keys: [TaskKey]) { self.keys = keys }

    fileprivate func free(_ kind: TaskKind) -> Int { kind == .workflow ? freeWorkflowSlots : freeActivitySlots }
  }

  /// Free slots that were taken for one statement that claims ready tasks.
  package struct Claim: Sendable, Equatable {
    package var key: TaskKey
    /// One entry a reserved slot.
    package var slots: [SessionID]
  }

  private var sessions: [SessionID: Session] = [:]
  /// Sessions with free slots by key, each at most once; entries may be stale and are checked when taken.
  private var idle: [TaskKey: Deque<SessionID>] = [:]
  /// Keys of which the database may hold ready tasks.
  private var backlog: Set<TaskKey> = []
  private var claiming: Set<TaskKey> = []
  /// Keys that were announced again while a claim was under way.
  private var claimAgain: Set<TaskKey> = []

  package init() {}

  package var sessionCount: Int { sessions.count }

  /// Whether any session here serves the key.
  package func serves(_ key: TaskKey) -> Bool { sessions.values.contains { $0.keys.contains(key) } }

  /// Granted slots that no task uses, of sessions that take tasks.
  package var freeSlots: (workflows: Int, activities: Int) {
    sessions.values.reduce((0, 0)) { sum, session in
      session.isDraining
        ? sum : (sum.0 + session.freeWorkflowSlots, sum.1 + session.freeActivitySlots)
    }
  }

  // MARK: Sessions

  package mutating func attach(_ id: SessionID, _ session: Session) {
    sessions[id] = session
    // Tasks may have become ready before this session came.
    for key in session.keys { backlog.insert(key) }
  }

  package mutating func detach(_ id: SessionID) { sessions[id] = nil }

  package mutating func drain(_ id: SessionID) { sessions[id]?.isDraining = true }

  package func isDraining(_ id: SessionID) -> Bool { sessions[id]?.isDraining ?? false }

  /// The slots of one kind that a session grants now; nil when it is not attached here.
  package func freeSlots(_ id: SessionID, _ kind: TaskKind) -> Int? {
    sessions[id].map { $0.isDraining ? 0 : $0.free(kind) }
  }

  /// Adds slots to what is outstanding, at most `limit` in all of each kind.
  package mutating func grant(_ id: SessionID, workflows: Int, activities: Int, limit: Int = 100_000) {
    guard var session = sessions[id] else { return }
    let wasFull =
      (workflows > 0 && session.freeWorkflowSlots == 0) || (activities > 0 && session.freeActivitySlots == 0)
    session.freeWorkflowSlots = min(session.freeWorkflowSlots + workflows, limit)
    session.freeActivitySlots = min(session.freeActivitySlots + activities, limit)
    // A session with a free slot is queued for all its keys already.
    if wasFull { enqueue(id, &session) }
    sessions[id] = session
  }

  /// Voids what is outstanding: the stream ended, or the session grants anew.
  package mutating func revokeSlots(_ id: SessionID) {
    sessions[id]?.freeWorkflowSlots = 0
    sessions[id]?.freeActivitySlots = 0
  }

  private mutating func enqueue(_ id: SessionID, _ session: inout Session) {
    guard !session.isDraining else { return }
    for key in session.keys where session.free(key.kind) > 0 && !session.queued.contains(key) {
      session.queued.insert(key)
      idle[key, default: []].append(id)
    }
  }

  // MARK: Reserving

  /// Takes one slot for a task of `key`, from the preferred session if it has one, else from whichever waits longest.
  /// - Parameter jumpsQueue: whether the task may go ahead of ready tasks in the database (a run that goes on) or not
  ///   (a new one).
  package mutating func reserve(
    _ key: TaskKey, preferring preferred: SessionID? = nil, jumpsQueue: Bool = false
  ) -> SessionID? {
    guard jumpsQueue || !backlog.contains(key) else { return nil }
    if let preferred, take(preferred, key.kind) { return preferred }
    return takeIdle(key)
  }

  /// Takes one slot of one session, if it has one.
  package mutating func reserve(session id: SessionID, _ kind: TaskKind) -> Bool { take(id, kind) }

  /// Gives a reserved slot back that no task came to use.
  package mutating func release(_ id: SessionID, _ kind: TaskKind) {
    grant(id, workflows: kind == .workflow ? 1 : 0, activities: kind == .activity ? 1 : 0)
  }

  private mutating func take(_ id: SessionID, _ kind: TaskKind) -> Bool {
    guard let session = sessions[id], !session.isDraining, session.free(kind) > 0 else { return false }
    if kind == .workflow { sessions[id]?.freeWorkflowSlots -= 1 } else { sessions[id]?.freeActivitySlots -= 1 }
    return true
  }

  private mutating func takeIdle(_ key: TaskKey) -> SessionID? {
    while let id = idle[key]?.popFirst() {
      sessions[id]?.queued.remove(key)
      guard take(id, key.kind) else { continue }
      if var session = sessions[id], session.free(key.kind) > 0, !session.isDraining {
        session.queued.insert(key)
        sessions[id] = session
        idle[key]?.append(id)
      }
      return id
    }
    return nil
  }

  // MARK: Claiming

  /// A task of `key` became ready in the database without a lease.
  package mutating func noteReady(_ key: TaskKey) {
    backlog.insert(key)
    if claiming.contains(key) { claimAgain.insert(key) }
  }

  /// Everything may be ready: after the listener or the database was away.
  package mutating func noteAllReady() {
    for session in sessions.values { for key in session.keys { noteReady(key) } }
  }

  /// Claims to send now: for each key that may have ready tasks and has free slots, at most one in flight a key.
  /// - Parameter limit: the most slots in one claim.
  package mutating func nextClaims(limit: Int = 256) -> [Claim] {
    var claims: [Claim] = []
    for key in backlog where !claiming.contains(key) && !(idle[key]?.isEmpty ?? true) {
      var slots: [SessionID] = []
      while slots.count < limit, let id = takeIdle(key) { slots.append(id) }
      if !slots.isEmpty {
        claiming.insert(key)
        claims.append(Claim(key: key, slots: slots))
      }
    }
    return claims
  }

  /// A claim returned `taken` tasks of the slots it had; the caller releases the slots that were left.
  package mutating func claimFinished(_ claim: Claim, taken: Int) {
    claiming.remove(claim.key)
    let again = claimAgain.remove(claim.key) != nil
    if taken < claim.slots.count, !again { backlog.remove(claim.key) }
  }
}

/// Whether a task advances a run or runs an activity.
package enum TaskKind: Sendable, Hashable {
  case workflow
  case activity
}

/// Tasks that the same workers can do.
package struct TaskKey: Hashable, Sendable {
  package var kind: TaskKind
  package var namespace: String
  package var queue: String
  package var type: String
  package var version: Int32

  package init(kind: TaskKind, namespace: String, queue: String, type: String, version: Int32) {
    self.kind = kind
    self.namespace = namespace
    self.queue = queue
    self.type = type
    self.version = version
  }
}
