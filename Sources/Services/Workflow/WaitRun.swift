internal import Engine
internal import GRPC
internal import Messages
internal import NIOCore
internal import Store
internal import Synchronization

extension Coordinator {
  internal func waitRun(
    _ request: WaitRunRequest, _ call: ServerCall, _ responder: consuming Responder<WaitRunResponse>
  ) {
    let reply = responder.detach()
    meter.waitBegan()
    do {
      let wait = request.wait?.duration ?? .seconds(30)
      guard wait >= .zero, wait <= limits.maxWait else {
        throw Status.invalid("wait", "must be zero to \(limits.maxWait)")
      }
      let namespace = try self.namespace(request.namespace)
      if request.runID.isEmpty {
        waitByWorkflowID(request, wait, call, reply)
      } else {
        RunWait(
          coordinator: self, namespace: namespace, runID: try runID(request.runID), wait: wait, call: call, reply: reply
        ).start()
      }
    } catch {
      reply.fail(error as? Status ?? Status(.internal, "\(error)"))
    }
  }

  private func waitByWorkflowID(
    _ request: WaitRunRequest, _ wait: Duration, _ call: ServerCall, _ reply: Reply<WaitRunResponse>
  ) {
    Task { [self] in
      do {
        let row = try await findRun(namespace: request.namespace, runID: "", workflowID: request.workflowID)
        guard !row.status.isClosed else {
          return reply.succeed(WaitRunResponse(run: Run(row), closed: true))
        }
        RunWait(
          coordinator: self, namespace: row.namespace, runID: row.runID, wait: wait, call: call, reply: reply
        ).start()
      } catch {
        reply.fail(error as? Status ?? Status(StoreError(translating: error)))
      }
    }
  }
}

/// One call that waits for a run to close: it looks once, then is woken by the commit that closes the run.
private final class RunWait: Sendable {
  private let coordinator: Coordinator
  private let namespace: String
  private let runID: RunID
  private let wait: Duration
  private let call: ServerCall
  private let reply: Reply<WaitRunResponse>
  private let state = Mutex(State())

  private struct State {
    var token: RunHub.Token?
    var timer: Scheduled<Void>?
    var isOver = false
    /// The open run as it was found, if it is small: with its end it makes the answer, without another look.
    var found: RunRow?
  }

  /// The largest input kept with a found run, in bytes.
  private static let keptInput = 4 << 10

  init(
    coordinator: Coordinator, namespace: String, runID: RunID, wait: Duration, call: ServerCall,
    reply: Reply<WaitRunResponse>
  ) {
    self.coordinator = coordinator
    self.namespace = namespace
    self.runID = runID
    self.wait = wait
    self.call = call
    self.reply = reply
  }

  /// Subscribes first, then looks: a close between the two is not missed.
  func start() {
    guard let token = coordinator.hub.onClose(runID, { self.closed($0) }) else {
      return reply.fail(.queueFull)
    }
    let timer = call.eventLoop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) { self.look(isLast: true) }
    state.withLock { state in
      state.token = token
      state.timer = timer
    }
    call.onCancel { self.end() }
    // Without peers, nobody else closes what was started here.
    if wait > .zero, !coordinator.peers.hasPeers, let row = coordinator.hub.started.row(runID),
      row.namespace == namespace
    {
      return state.withLock { $0.found = row }
    }
    look(isLast: wait == .zero)
  }

  /// The run has closed: the answer is made of what was found of it and how it ended, or read.
  private func closed(_ runEnd: RunEnd?) {
    guard let runEnd, runEnd.closing.status != .continued, let found = state.withLock({ $0.found }) else {
      return look(isLast: true)
    }
    guard end() else { return }
    let row = found.closed(runEnd.closing, output: runEnd.output, failure: runEnd.failure)
    reply.succeed(WaitRunResponse(run: Run(row), closed: true))
  }

  private func look(isLast: Bool) {
    coordinator.runLoader.load(runID, from: coordinator.store) { [self] result in
      switch result {
      case .failure(let error): if end() { reply.fail(Status(error)) }
      case .success(let row):
        guard let row, row.namespace == namespace else {
          if end() { reply.fail(.runNotFound(namespace: namespace, runID: runID.description, workflowID: "")) }
          return
        }
        guard row.status.isClosed || isLast else {
          if row.input?.count ?? 0 <= Self.keptInput { state.withLock { $0.found = row } }
          return
        }
        if end() { reply.succeed(WaitRunResponse(run: Run(row), closed: row.status.isClosed)) }
      }
    }
  }

  /// True the first time.
  @discardableResult
  private func end() -> Bool {
    let (isFirst, token, timer) = state.withLock { state in
      defer {
        state.isOver = true
        state.token = nil
        state.timer = nil
      }
      return (!state.isOver, state.token, state.timer)
    }
    if let token { coordinator.hub.remove(runID, token) }
    timer?.cancel()
    return isFirst
  }
}

extension Duration {
  internal var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    guard seconds < 9_000_000_000 else { return .max }
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
