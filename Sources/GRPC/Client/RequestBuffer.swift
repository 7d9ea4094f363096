import Synchronization

/// Requests on their way to the event loop: written from any thread, taken over by the loop in one hop.
final class RequestBuffer: Sendable {
  private struct State {
    var pending: [UInt8] = []
    /// Where in `pending` the last message begins, if more may be merged into it, and of how many it is made.
    var openFrame: (start: Int, parts: Int)?
    var isEnded = false
    var isClosed = false
    var isScheduled = false
    var sending = 0
    var failure: Status?
    var onWritable: [@Sendable () -> Void] = []
  }

  private let limits: ClientLimits
  private let state = Mutex(State())

  init(limits: ClientLimits) {
    self.limits = limits
  }

  var isWritable: Bool {
    state.withLock { $0.isClosed || $0.pending.count + $0.sending < limits.requestStreamHighMark }
  }

  /// Returns whether the loop must be told, and whether more may be written.
  /// - Parameter maxParts: of how many that merge and have not crossed yet one message may be made; 1: it stands alone.
  func write(
    _ message: UnsafeRawBufferPointer, _ encoding: MessageEncoding, maxParts: Int = 1
  ) -> (tellLoop: Bool, isWritable: Bool) {
    state.withLock { state in
      guard !state.isEnded, !state.isClosed else { return (false, false) }
      if message.count > limits.maxRequestMessage {
        state.failure = .tooLargeRequest(message.count, limits)
      } else {
        if let (start, parts) = state.openFrame, parts < maxParts,
          state.pending.count - start - MessageEncoding.prefixSize + message.count
            <= min(limits.mergedRequestSize, limits.maxRequestMessage)
        {
          MessageEncoding.merge(message, intoFrameAt: start, of: &state.pending)
          state.openFrame = (start, parts + 1)
        } else {
          state.openFrame = maxParts > 1 && encoding == .identity ? (state.pending.count, 1) : nil
          encoding.appendFrame(of: message, to: &state.pending)
        }
        if state.pending.count + state.sending > limits.requestStreamLimit {
          state.failure = Status(.resourceExhausted, "the server reads too slowly: the request buffer is full")
        }
      }
      if state.failure != nil {
        state.isEnded = true
        state.pending = []
        state.openFrame = nil
      }
      defer { state.isScheduled = true }
      return (!state.isScheduled, state.pending.count + state.sending < limits.requestStreamHighMark)
    }
  }

  /// No more requests. Returns whether the loop must be told.
  func end() -> Bool {
    state.withLock { state in
      guard !state.isEnded, !state.isClosed else { return false }
      state.isEnded = true
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
  }

  /// Calls `action` once when there is room or the call is over; at once, here, if so now.
  func onWritable(_ action: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      if state.isClosed || state.pending.count + state.sending < limits.requestStreamHighMark { return true }
      state.onWritable.append(action)
      return false
    }
    if isNow { action() }
  }

  // MARK: Event loop

  func handOver() -> (bytes: [UInt8], isEnd: Bool, failure: Status?) {
    state.withLock { state in
      state.isScheduled = false
      state.openFrame = nil
      defer { state.pending = [] }
      return (state.pending, state.isEnded, state.failure)
    }
  }

  func sendingChanged(_ count: Int) {
    let actions = state.withLock { state -> [@Sendable () -> Void] in
      state.sending = count
      guard count <= limits.requestStreamLowMark, state.pending.count + count < limits.requestStreamHighMark else {
        return []
      }
      defer { state.onWritable = [] }
      return state.onWritable
    }
    for action in actions { action() }
  }

  func close() {
    let actions = state.withLock { state in
      state.isClosed = true
      state.pending = []
      state.openFrame = nil
      defer { state.onWritable = [] }
      return state.onWritable
    }
    for action in actions { action() }
  }
}

extension Status {
  static func tooLargeRequest(_ size: Int, _ limits: ClientLimits) -> Status {
    Status(.resourceExhausted, "the request has \(size) bytes; the limit is \(limits.maxRequestMessage)")
  }
}
