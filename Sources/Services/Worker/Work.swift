internal import Engine
internal import GRPC
internal import Messages
internal import NIOCore
internal import Store
internal import Synchronization

extension Coordinator {
  internal func work(_ call: ServerCall, _ stream: ResponseStream<WorkResponse>) -> any RequestReceiver<WorkRequest> {
    WorkStream(coordinator: self, call: call, stream: stream)
  }
}

/// One Work stream: `Hello` binds it to its session, then everything goes straight through.
private final class WorkStream: RequestReceiver, SessionOutbox {
  private enum State {
    case awaitingHello
    /// Messages that came while the session was being looked up.
    case opening(held: [WorkRequest])
    case open(WorkerSession)
    case closed
  }

  private static let maxEarlyMessages = 1_000

  private let coordinator: Coordinator
  private let call: ServerCall
  private let stream: ResponseStream<WorkResponse>
  private let state = Mutex(State.awaitingHello)
  /// Whether the worker reads several tasks and answers in one message: known from its Hello, before anything is sent.
  private let takesBatches = Atomic(false)

  init(coordinator: Coordinator, call: ServerCall, stream: ResponseStream<WorkResponse>) {
    self.coordinator = coordinator
    self.call = call
    self.stream = stream
  }

  // MARK: SessionOutbox

  func send(_ message: WorkResponse.Message) {
    // A worker that does not read is cut off by the stream's limit; its session lives on until its lease lapses.
    if !write(message), stream.isOver { disconnected() }
  }

  private func write(_ message: WorkResponse.Message) -> Bool {
    switch message {
    case .task(let task) where takesBatches.load(ordering: .relaxed): stream.merge(WorkResponse(tasks: [task]))
    case .answer(let answer) where takesBatches.load(ordering: .relaxed): stream.merge(WorkResponse(answers: [answer]))
    default: stream.write(WorkResponse(message: message))
    }
  }

  func close(_ status: Status) {
    state.withLock { $0 = .closed }
    stream.finish(status)
  }

  // MARK: RequestReceiver

  func receive(_ request: WorkRequest) {
    guard request.message != nil || !request.reports.isEmpty else {
      return fail(.invalid("message", "is empty or newer than this server"))
    }
    guard request.message == nil || request.reports.isEmpty else {
      return fail(.invalid("reports", "stand alone: no message beside them"))
    }
    guard request.reports.count <= coordinator.limits.maxReports else {
      return fail(.invalid("reports", "are \(request.reports.count), more than \(coordinator.limits.maxReports)"))
    }
    let session = state.withLock { state -> WorkerSession? in
      if case .open(let session) = state { return session }
      return nil
    }
    if let session { handle(request, session) } else { receiveEarly(request) }
  }

  func end() {
    disconnected()
    stream.finish(.ok)
  }

  func cancelled() { disconnected() }

  // MARK: Opening

  private func receiveEarly(_ request: WorkRequest) {
    let hello = state.withLock { state -> Result<Hello?, Status> in
      switch (state, request.message) {
      case (.awaitingHello, .hello(let hello)):
        state = .opening(held: [])
        return .success(hello)
      case (.awaitingHello, _):
        return .failure(.invalid("message", "the first message of a stream must be hello"))
      case (.opening(let held), _):
        guard held.count < Self.maxEarlyMessages else {
          return .failure(Status(.resourceExhausted, "wait for welcome before sending more"))
        }
        state = .opening(held: held + [request])
        return .success(nil)
      default: return .success(nil)
      }
    }
    switch hello {
    case .success(let hello?): open(hello)
    case .success(nil): break
    case .failure(let status): fail(status)
    }
  }

  private func open(_ hello: Hello) {
    takesBatches.store(hello.takesBatches, ordering: .relaxed)
    let id: SessionID
    do {
      id = try coordinator.sessionID(hello.sessionID)
    } catch {
      return fail(error)
    }
    Task { [self] in
      do {
        let held = hello.heldTokens.compactMap { TaskToken($0) }
        let isNew = held.isEmpty && coordinator.session(id).map { !$0.isConnected && $0.heldCounts == (0, 0) } ?? false
        let (session, count) =
          isNew
          ? (try await coordinator.attachedSession(id), 0) : try await coordinator.adopt(id, held: held)
        welcome(session, resumed: !isNew, held: count)
      } catch {
        fail(error as? Status ?? Status(.internal, "\(error)"))
      }
    }
  }

  private func welcome(_ session: WorkerSession, resumed: Bool, held: Int) {
    session.beat()
    coordinator.dispatch.withLock { $0.revokeSlots(session.id) }
    send(
      .welcome(
        Welcome(
          sessionID: session.id.description, leaseDuration: ProtoDuration(session.lease),
          heartbeatInterval: ProtoDuration(session.heartbeat), limits: coordinator.workerLimits, resumed: resumed)))
    // Whatever is pushed comes after the welcome.
    session.attach(self)
    if let drain = session.drainMessage { send(.drain(drain)) }
    coordinator.tellAgain(session)
    call.eventLoop.execute { self.opened(session) }
  }

  /// On the event loop, so that what came meanwhile keeps its order before what comes next.
  private func opened(_ session: WorkerSession) {
    let early = state.withLock { state -> [WorkRequest]? in
      guard case .opening(let held) = state else { return nil }
      state = .open(session)
      return held
    }
    guard let early else {
      // The stream ended while its session was looked up.
      return coordinator.disconnected(session, self)
    }
    for request in early { handle(request, session) }
  }

  // MARK: Open

  private func handle(_ request: WorkRequest, _ session: WorkerSession) {
    if let message = request.message { handle(message, session) }
    for report in request.reports { record(report, session) }
  }

  private func record(_ report: TaskReport, _ session: WorkerSession) {
    coordinator.report(report, from: session) { [self] answer in send(.answer(answer)) }
  }

  private func handle(_ message: WorkRequest.Message, _ session: WorkerSession) {
    switch message {
    case .hello: fail(.invalid("hello", "comes once, first"))
    case .grant(let grant):
      coordinator.grant(session.id, workflows: Int(grant.workflowSlots), activities: Int(grant.activitySlots))
    case .accepted(let accepted): coordinator.accept(accepted, from: session)
    case .report(let report): record(report, session)
    case .beat(let beat):
      coordinator.beat(beat, from: session)
      send(.beat(BeatAnswer(now: nil)))
    case .goodbye(let goodbye): leave(session, goodbye)
    }
  }

  private func leave(_ session: WorkerSession, _ goodbye: Goodbye) {
    coordinator.dispatch.withLock { $0.drain(session.id) }
    Task { [self] in
      do {
        try await coordinator.end(session.id, reason: goodbye.reason.isEmpty ? "goodbye" : goodbye.reason)
      } catch {
        fail(Status(StoreError(translating: error)))
      }
    }
  }

  private func fail(_ status: Status) {
    disconnected()
    stream.finish(status)
  }

  private func disconnected() {
    let session = state.withLock { state -> WorkerSession? in
      defer { state = .closed }
      if case .open(let session) = state { return session }
      return nil
    }
    if let session { coordinator.disconnected(session, self) }
  }
}
