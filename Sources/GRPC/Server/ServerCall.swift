import HTTP2
import Messages
package import NIOCore
import Synchronization

/// One call that a client made, as its handler sees it.
///
/// Sendable by this division: the `let`s are immutable, `duty`, `cancellation` and their like are synchronized, and
/// everything marked event loop is touched on `eventLoop` only.
package final class ServerCall: @unchecked Sendable {
  /// Who owes the answer of a unary call.
  enum ReplyDuty: UInt8, AtomicRepresentable {
    case responder
    case detached
    case nobody
  }

  private struct Cancellation {
    var isCancelled = false
    var action: (@Sendable () -> Void)?
  }

  /// The client's custom headers.
  package let metadata: Metadata

  /// When the client stops waiting; the server ends the call then with DEADLINE_EXCEEDED. Nil: no deadline.
  package let deadline: ContinuousClock.Instant?

  /// What the client calls itself (`user-agent`), or an empty string.
  package let userAgent: String

  let route: Route
  let connection: ServerConnection
  let encoding: MessageEncoding
  let requestEncoding: MessageEncoding
  let deadlineUptime: UInt64
  private let duty = Atomic<ReplyDuty>(.responder)
  private let cancellation = Mutex(Cancellation())

  // Event loop.
  @exclusivity(unchecked) var stream: HTTP2Stream?
  @exclusivity(unchecked) var state: ServerCallState
  @exclusivity(unchecked) var deframer: MessageDeframer
  @exclusivity(unchecked) var receiver: (any MessageReceiver)?
  @exclusivity(unchecked) var responses: ResponseBuffer?
  @exclusivity(unchecked) var heldRequest: [UInt8]?
  @exclusivity(unchecked) var isReadingPaused = false
  @exclusivity(unchecked) var isDelivering = false
  @exclusivity(unchecked) var unconsumedBytes = 0

  init(
    stream: HTTP2Stream, route: Route, connection: ServerConnection, head: consuming RequestHead, userAgent: String,
    now: UInt64
  ) {
    self.stream = stream
    self.route = route
    self.connection = connection
    self.userAgent = userAgent
    metadata = head.metadata
    requestEncoding = head.encoding
    encoding = head.acceptsGzip && head.encoding == .gzip ? .gzip : .identity
    state = ServerCallState(kind: route.kind)
    deframer = MessageDeframer(maxMessage: connection.limits.maxRequestMessage)
    if let timeout = head.timeoutNanoseconds {
      let bounded = min(timeout, 1 << 61)
      deadlineUptime = now + bounded
      deadline = .now + .nanoseconds(Int64(bounded))
    } else {
      deadlineUptime = .max
      deadline = nil
    }
  }

  /// The event loop that the call lives on: handlers are called there.
  package var eventLoop: any EventLoop { connection.loop.eventLoop }

  /// The client's address, for logs.
  package var peer: String { connection.peer }

  /// `/service/method`.
  package var path: String { route.path }

  /// The client gave up, the deadline passed, or the connection is gone. An answer would reach nobody.
  package var isCancelled: Bool { cancellation.withLock { $0.isCancelled } }

  /// Calls `action` once when the call is cancelled, on the event loop; at once, here, if it is already.
  ///
  /// Not called for a call that was answered. Replaces an earlier action.
  package func onCancel(_ action: @escaping @Sendable () -> Void) {
    let isCancelled = cancellation.withLock { state in
      if !state.isCancelled { state.action = action }
      return state.isCancelled
    }
    if isCancelled { action() }
  }

  /// Holds further requests of a streaming call back, and with them the client, by HTTP/2 flow control.
  package func pauseReading() {
    runOnLoop { call in call.isReadingPaused = true }
  }

  /// Ends `pauseReading`.
  package func resumeReading() {
    runOnLoop { call in
      call.isReadingPaused = false
      if !call.isDelivering { call.connection.deliverHeld(call) }
    }
  }

  private func runOnLoop(_ body: @escaping @Sendable (ServerCall) -> Void) {
    if eventLoop.inEventLoop { body(self) } else { connection.loop.post(.run { [self] in body(self) }) }
  }

  // MARK: Duty to answer

  func takeReply(from owner: ReplyDuty) -> Bool {
    duty.compareExchange(expected: owner, desired: .nobody, ordering: .acquiringAndReleasing).exchanged
  }

  func detachReply() -> Bool {
    duty.compareExchange(expected: .responder, desired: .detached, ordering: .acquiringAndReleasing).exchanged
  }

  func dropReply(ifDuty owner: ReplyDuty) {
    if takeReply(from: owner) { finish(Status(.internal, "the handler did not answer"), trailers: [:]) }
  }

  // MARK: Answers, from any thread

  func reply<Response: WireMessage>(_ response: Response, headers: Metadata, trailers: Metadata) {
    if eventLoop.inEventLoop {
      response.withWireBytes { bytes in
        connection.reply(self, headers: headers, trailers: trailers, size: bytes.count) { output in
          encoding.appendFrame(of: bytes, to: &output)
        }
      }
    } else {
      var size = 0
      var frame: [UInt8] = []
      response.withWireBytes { bytes in
        size = bytes.count
        if size <= connection.limits.maxResponseMessage { encoding.appendFrame(of: bytes, to: &frame) }
      }
      connection.loop.post(.reply(self, frame: frame, size: size, headers: headers, trailers: trailers))
    }
  }

  func finish(_ status: Status, trailers: Metadata) {
    if eventLoop.inEventLoop {
      connection.finish(self, status, trailers: trailers)
    } else {
      connection.loop.post(.finish(self, status, trailers: trailers))
    }
  }

  // MARK: Event loop

  /// The call ended without an answer of its handler: marks it cancelled; the caller runs what it gets.
  func takeCancelAction() -> (@Sendable () -> Void)? {
    cancellation.withLock { state in
      state.isCancelled = true
      defer { state.action = nil }
      return state.action
    }
  }

  /// Lets go of what the handler left here.
  func forgetCancelAction() {
    let action = cancellation.withLock { state in
      defer { state.action = nil }
      return state.action
    }
    _ = action
  }

  func endReceiver() {
    guard let receiver else { return }
    self.receiver = nil
    if !state.isRequestEnded { receiver.cancelled() }
  }
}
