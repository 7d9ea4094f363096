import Engine
import Postgres
import Store

extension StoreFixture {
  func id(_ number: UInt64) -> RunID { UUID(high: 1, low: number) }

  /// A report of the run's first task that asks for a child with the number `child`.
  func startChild(
    _ parent: UInt64, _ key: String = "kid", child: UInt64, policy: ParentClosePolicy = .cancel,
    workflowID: String? = nil
  ) -> AdvanceRun {
    var advance = AdvanceRun(runID: id(parent), epoch: 1, disposition: .continue)
    var step = NewStep(key: key, kind: .child, state: .waiting)
    step.childRunID = id(child)
    advance.steps = [step]
    var start = self.start(child)
    if let workflowID { start.workflowID = workflowID }
    start.parent = ParentStep(runID: id(parent), stepKey: key, closePolicy: policy)
    advance.children = [NewChild(childRunID: id(child), stepKey: key, start: start, failure: [66])]
    return advance
  }

  func close(
    _ number: UInt64, epoch: Int32 = 1, _ status: RunStatus = .completed, onlyWhenSettled: Bool = false
  ) -> Operation {
    var close = CloseRun(runID: id(number), epoch: epoch, status: status)
    close.onlyWhenSettled = onlyWhenSettled
    return .closeRun(close)
  }

  func end(_ number: UInt64) -> Operation {
    .endRun(EndRun(runID: id(number), status: .terminated, reason: "test", failure: [1]))
  }

  func settleChild(_ parent: UInt64, _ key: String = "kid", first: UInt64, ended: UInt64? = nil) -> Operation {
    var settle = SettleStep(
      runID: id(parent), stepKey: key, guard: .child(first: id(first), ended: id(ended ?? first)), state: .completed)
    settle.output = [9]
    return .settleStep(settle)
  }

  func continueAsNew(_ number: UInt64, as next: UInt64, epoch: Int32 = 1) -> ContinueRun {
    var continuation = ContinueRun(
      close: CloseRun(runID: id(number), epoch: epoch, status: .continued), nextRunID: id(next))
    continuation.input = [UInt8(truncatingIfNeeded: next)]
    continuation.reservedSession = session
    return continuation
  }

  func signal(
    _ number: UInt64, _ payload: UInt8, named name: String = "n", request: String? = nil, limit: Int32 = 100,
    reserving: Bool = false
  ) -> Operation {
    .signalRun(
      SignalRun(
        runID: id(number), signal: NewSignal(name: name, payload: [payload], requestID: request), limit: limit,
        reservedSession: reserving ? session : nil))
  }

  /// A report that waits for signals and suspends.
  func waiting(
    _ number: UInt64, _ keys: [String], signal: String = "n", epoch: Int32 = 1, timeout: Int64? = nil,
    hasSlot: Bool = false
  ) -> Operation {
    var advance = AdvanceRun(runID: id(number), epoch: epoch, disposition: .suspend)
    advance.isSticky = true
    advance.awaitsSignals = true
    advance.hasReservedSlot = hasSlot
    advance.reservedSession = hasSlot ? session : nil
    advance.steps = keys.map { key in
      var step = NewStep(key: key, kind: .signal, state: .waiting)
      step.signalName = signal
      step.delayMilliseconds = timeout
      return step
    }
    return .advanceRun(advance)
  }

  func notices() async throws -> [PendingChildNotices.Row] {
    try await read(PendingChildNotices(minimumAgeMilliseconds: 0, limit: 100))
  }

  /// The outputs of a run's settled steps by key.
  func outputs(_ number: UInt64) async throws -> [String: UInt8] {
    var outputs: [String: UInt8] = [:]
    for step in try await steps(number) where step.state == .completed { outputs[step.key] = step.output?.first }
    return outputs
  }
}
