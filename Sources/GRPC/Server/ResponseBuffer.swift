import NIOCore
import Synchronization

/// Responses on their way to the event loop: written from any thread, taken over by the loop in one hop.
final class ResponseBuffer: Sendable {
  private struct State {
    var pending: [UInt8] = []
    /// Where in `pending` the last message begins, if more may be merged into it.
    var openFrame: Int?
    var headers: Metadata?
    var end: (status: Status, trailers: Metadata)?
    var isEnded = false
    var isScheduled = false
    var sending = 0
    var onWritable: (@Sendable () -> Void)?
  }

  /// What the loop takes over.
  struct Handover {
    var bytes: [UInt8]
    var headers: Metadata?
    var end: (status: Status, trailers: Metadata)?
  }

  let call: ServerCall
  private let state = Mutex(State())

  init(call: ServerCall) {
    self.call = call
  }

  private var limits: ServerLimits { call.connection.limits }

  var bufferedBytes: Int { state.withLock { $0.pending.count + $0.sending } }

  var isWritable: Bool { bufferedBytes < limits.responseStreamHighMark }

  var isOver: Bool { state.withLock { $0.isEnded } }

  func sendHeaders(_ metadata: Metadata) {
    change { state in
      state.headers = metadata
      return true
    }
  }

  /// - Parameter merges: it may be one message with those before it that merge and have not crossed yet.
  func write(_ message: UnsafeRawBufferPointer, merges: Bool = false) -> Bool {
    let limits = limits
    return change { state in
      guard message.count <= limits.maxResponseMessage else {
        state.end = (Status(.resourceExhausted, Self.tooLarge(message.count, limits)), [:])
        return false
      }
      if merges, let frame = state.openFrame,
        state.pending.count - frame - MessageEncoding.prefixSize + message.count
          <= min(limits.mergedResponseSize, limits.maxResponseMessage)
      {
        MessageEncoding.merge(message, intoFrameAt: frame, of: &state.pending)
      } else {
        state.openFrame = merges && call.encoding == .identity ? state.pending.count : nil
        call.encoding.appendFrame(of: message, to: &state.pending)
      }
      let buffered = state.pending.count + state.sending
      if buffered > limits.responseStreamLimit {
        state.pending = []
        state.openFrame = nil
        state.end = (Status(.resourceExhausted, "the client reads too slowly: \(buffered) bytes are unsent"), [:])
        return false
      }
      return buffered < limits.responseStreamHighMark
    } ?? false
  }

  func finish(_ status: Status, trailers: Metadata) {
    change { state in
      state.end = (status, trailers)
      return true
    }
  }

  func onWritable(_ action: @escaping @Sendable () -> Void) {
    let high = limits.responseStreamHighMark
    let isNow = state.withLock { state in
      guard !state.isEnded else { return false }
      if state.pending.count + state.sending < high { return true }
      state.onWritable = action
      return false
    }
    if isNow { action() }
  }

  /// Changes the state, then sees that the loop takes over. Nil when the stream has ended.
  @discardableResult
  private func change(_ body: (inout State) -> Bool) -> Bool? {
    let (result, isFirst) = state.withLock { state -> (Bool?, Bool) in
      guard !state.isEnded else { return (nil, false) }
      let result = body(&state)
      if state.end != nil { state.isEnded = true }
      defer { state.isScheduled = true }
      return (result, !state.isScheduled)
    }
    if isFirst {
      if call.eventLoop.inEventLoop {
        call.connection.takeOver(self)
      } else {
        call.connection.loop.post(.responses(self))
      }
    }
    return result
  }

  static func tooLarge(_ size: Int, _ limits: ServerLimits) -> String {
    "the response has \(size) bytes; the limit is \(limits.maxResponseMessage)"
  }

  // MARK: Event loop

  func handOver() -> Handover {
    state.withLock { state in
      state.isScheduled = false
      state.openFrame = nil
      defer {
        state.pending.removeAll(keepingCapacity: state.pending.capacity <= 4 << 10)
        state.headers = nil
        state.end = nil
      }
      return Handover(bytes: state.pending, headers: state.headers, end: state.end)
    }
  }

  /// The stream has `count` bytes to send.
  func sendingChanged(_ count: Int) {
    let (low, high) = (limits.responseStreamLowMark, limits.responseStreamHighMark)
    let action = state.withLock { state -> (@Sendable () -> Void)? in
      state.sending = count
      guard state.onWritable != nil, count <= low, state.pending.count + count < high else { return nil }
      defer { state.onWritable = nil }
      return state.onWritable
    }
    action?()
  }

  /// The call is over.
  func close() {
    let forgotten = state.withLock { state -> (@Sendable () -> Void)? in
      state.isEnded = true
      state.pending = []
      state.openFrame = nil
      state.sending = 0
      defer { state.onWritable = nil }
      return state.onWritable
    }
    _ = forgotten
  }
}
